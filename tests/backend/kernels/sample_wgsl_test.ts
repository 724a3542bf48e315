import { assertEquals } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { RANDOM } from "../../../backend/kernels/sample_twin.ts";
import { randomWgsl, sampleWgsl } from "../../../backend/kernels/sample_wgsl.ts";
import { defineKernel, type Kernel } from "../../../backend/kernel.ts";
import { grid } from "../../../backend/workgroup.ts";
import { threefry2x32, uniformOf } from "../../../backend/reference/sample.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";

/** Writes E of ids 0…n−1 under one key and counter, and of chosen 32-bit numbers. */
const probe: Kernel = defineKernel({
  name: "randomProbe",
  bindings: [
    { name: "words", access: "read", type: "u32" },
    { name: "draw", access: "read_write", type: "u32" },
    { name: "byId", access: "read_write" },
    { name: "byWord", access: "read_write" },
  ],
  params: [["n", "u32"]],
  fixed: [],
  constants: RANDOM,
  wgsl: () =>
    /* wgsl */ `${randomWgsl}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= p.n) { return; }
  let x = threefry(vec2<u32>(words[0], words[1]), vec2<u32>(words[2], words[3]));
  if (id.x == 0u) {
    draw[0] = x.x;
    draw[1] = x.y;
  }
  byId[id.x] = exponential(hash(id.x, x));
  byWord[id.x] = exponential(words[4u + id.x]);
}`,
  workgroups: (p) => grid(p.n),
  cpu: [],
});

const n = 1000;
const spread = Array.from({ length: n }, (_, i) => Math.floor((i / n) * 2 ** 32));
const edges = [0, 1, 2, 3, 255, 65535, 1 << 24, 0x7fffffff, 0x80000000, 0x80000001];
const words = [...edges, ...spread].slice(0, n);

for (
  const counter of [[0, 0], [7, 0xfffffff0], [0x243f6a88, 0x85a308d3]] as [number, number][]
) {
  const key: [number, number] = counter[0] === 0 ? [0, 0] : [0x13198a2e, 0x03707344];
  const draw = threefry2x32(key, counter);
  deviceTest(
    `sampleWgsl() has the reference's random numbers at counter ${counter}`,
    async (device) => {
      using arena = new Arena(device, "test");
      const out = {
        draw: arena.alloc([2], "draw", "u32"),
        byId: arena.alloc([n], "byId"),
        byWord: arena.alloc([n], "byWord"),
      };
      const data = new Uint32Array([...key, ...counter, ...words]);
      arena.dispatch(probe, {
        bind: { words: arena.upload([n + 4], data, "words"), ...out },
        params: { n },
      });
      const got = await arena.readAll(out);
      assertEquals([...got.draw], draw);
      if (counter[0] === 0) assertEquals([...got.draw], [0x6b200159, 0x99ba4efe]);
      const byId = Array.from({ length: n }, (_, id) => -Math.log1p(-uniformOf(draw, id)));
      const byWord = words.map((word) => -Math.log1p(-(word + 0.5) / 2 ** 32));
      for (
        const [name, actual, truth] of [["id", got.byId, byId], [
          "word",
          got.byWord,
          byWord,
        ]] as const
      ) {
        truth.forEach((e, i) => {
          // A dozen roundings and 3 ulp of log; u's own rounding by 2⁻²⁴ counts as 1/(1 − u) = e^E in E.
          const tolerance = { rtol: 16 * 2 ** -24, atol: e < 0.7 ? 0 : 2 ** -24 * Math.exp(e) };
          assertClose([actual[i]], [e], tolerance, `E of ${name} ${i}`);
        });
      }
    },
    ["webgpu"],
  );
}

Deno.test("sampleWgsl() contains the tested random numbers", () => {
  assertEquals(sampleWgsl().includes(randomWgsl), true);
});
