import { assertEquals } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import type { Kernel } from "../../../backend/kernel.ts";
import { grid } from "../../../backend/workgroup.ts";
import { tanhWgsl } from "../../../backend/kernels/tanh_wgsl.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";

/** y = tanh x, by scalars or by vectors. */
const probe = (type: "f32" | "vec4<f32>"): Kernel => ({
  name: `tanhProbe ${type}`,
  bindings: [{ name: "x", access: "read", type }, { name: "y", access: "read_write", type }],
  params: [["n", "u32"]],
  fixed: [],
  wgsl: () =>
    /* wgsl */ `${tanhWgsl(type)}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < p.n) { y[id.x] = tanhOf(x[id.x]); }
}`,
  workgroups: (p) => grid(p.n),
  cpu: [],
});

/** 2,000 numbers of both signs, evenly by exponent from 1e-6 to 20, then the ends. */
const numbers = new Float32Array(2004).map((_, i) => (i % 2 ? -1 : 1) * 1e-6 * 10 ** (i * 0.00365));
numbers.set([0, 1e30, -1e30, 90], 2000);

for (const [type, width] of [["f32", 1], ["vec4<f32>", 4]] as const) {
  deviceTest(`tanhWgsl() is within 5 ulp of tanh everywhere, as ${type}`, async (device) => {
    using arena = new Arena(device, "test");
    const x = arena.upload([2004], numbers, "x"), y = arena.alloc([2004], "y");
    arena.dispatch(probe(type), { bind: { x, y }, params: { n: 2004 / width } });
    const out = await arena.read(y);
    assertClose(out, Array.from(numbers, Math.tanh), { rtol: 5 * 2 ** -23, atol: 0 }, "tanh");
    assertEquals(out[2000], 0);
  }, ["webgpu"]);
}
