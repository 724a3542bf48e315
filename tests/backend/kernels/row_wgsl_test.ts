import { assertEquals } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import type { Kernel } from "../../../backend/kernel.ts";
import { grid } from "../../../backend/workgroup.ts";
import { ROW_WGSL } from "../../../backend/kernels/row_wgsl.ts";
import { deviceTest } from "../../support/devices.ts";

/** y[row] = Σ x[row]. */
const rowSum: Kernel = {
  name: "rowSum",
  bindings: [{ name: "x", access: "read" }, { name: "y", access: "read_write" }],
  params: [["rows", "u32"]],
  fixed: ["D"],
  wgsl: () =>
    /* wgsl */ `${ROW_WGSL}
  var sum = 0.0;
  for (var c = local; c < D; c += WORKGROUP) { sum += x[start + c]; }
  let all = total(local, sum);
  if (local == 0u) { y[row] = all; }
}`,
  workgroups: (p) => grid(p.rows + 1, 1),
  cpu: [],
};

deviceTest("ROW_WGSL gives each workgroup its row, and none past the last", async (device) => {
  for (const [rows, D] of [[1, 1], [3, 64], [2, 65]]) {
    using arena = new Arena(device, "test");
    const x = arena.upload([rows, D], Float32Array.from({ length: rows * D }, (_, i) => i), "x");
    const y = arena.upload([rows + 1], new Float32Array(rows + 1).fill(-1), "y");
    arena.dispatch(rowSum, { bind: { x, y }, params: { rows }, fixed: { D } });
    const sums = Array.from({ length: rows }, (_, r) => D * (r * D + (D - 1) / 2));
    assertEquals([...(await arena.read(y))], [...sums, -1]);
  }
}, ["webgpu"]);
