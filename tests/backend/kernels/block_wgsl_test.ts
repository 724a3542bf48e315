import { assertEquals } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import type { Kernel } from "../../../backend/kernel.ts";
import { BLOCKS, eachBlockWgsl } from "../../../backend/kernels/block_wgsl.ts";
import { grid } from "../../../backend/workgroup.ts";
import { deviceTest } from "../../support/devices.ts";

/** y[at] = Σ of a block's numbers. */
const blockSum: Kernel = {
  name: "blockSum",
  bindings: [{ name: "x", access: "read" }, { name: "y", access: "read_write" }],
  params: [["G", "u32"], ["P", "u32"]],
  fixed: [],
  constants: BLOCKS,
  wgsl: () =>
    /* wgsl */ `${eachBlockWgsl({ groups: "p.G", size: "p.P" })}
  var sum = 0.0;
  for (var i = first + local; i < end; i += WORKGROUP) { sum += x[start + i]; }
  let all = total(local, sum);
  if (local == 0u) { y[at] = all; }
}`,
  workgroups: (p, f) => grid(p.G * Math.ceil(p.P / f.BLOCK) + 1, 1),
  cpu: [],
};

deviceTest(
  "eachBlockWgsl() goes through each group's blocks, and none past the last",
  async (device) => {
    const { BLOCK } = BLOCKS;
    for (const [G, P] of [[1, 1], [2, BLOCK], [3, BLOCK + 1]]) {
      using arena = new Arena(device, "test");
      const x = arena.upload(
        [G, P],
        Float32Array.from({ length: G * P }, (_, i) => 1 + i % P),
        "x",
      );
      const C = Math.ceil(P / BLOCK),
        y = arena.upload([G * C + 1], new Float32Array(G * C + 1), "y");
      arena.dispatch(blockSum, { bind: { x, y }, params: { G, P } });
      const whole = Math.min(P, BLOCK), sums = [whole * (whole + 1) / 2, P].slice(0, C);
      assertEquals([...(await arena.read(y))], [...Array(G).fill(sums).flat(), 0]);
    }
  },
  ["webgpu"],
);
