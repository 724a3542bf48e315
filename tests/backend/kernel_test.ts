import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Arena } from "../../backend/arena.ts";
import {
  definedKernels,
  defineKernel,
  type Kernel,
  paramsOn,
  SCRATCH_BYTES,
} from "../../backend/kernel.ts";
import { deviceTest } from "../support/devices.ts";

Deno.test("SCRATCH_BYTES holds a whole number of WebAssembly pages", () => {
  assertEquals(SCRATCH_BYTES % 65536, 0);
});

/** x = the device's own param + n, HALF·D, TWO. */
const constantsKernel: Kernel = defineKernel({
  name: "constants",
  bindings: [{ name: "x", access: "read_write" }],
  params: [["gpu", "f32", "webgpu"], ["cpu", "f32", "cpu"], ["n", "u32"]],
  fixed: ["D"],
  constants: { HALF: 0.5, TWO: 2 },
  wgsl: () => /* wgsl */ `
@compute @workgroup_size(1)
fn main() {
  x[0] = p.gpu + f32(p.n);
  x[1] = HALF * f32(D);
  x[2] = f32(TWO);
}`,
  workgroups: () => [1, 1, 1],
  cpu: [{ tasks: () => 1, run: ({ b, p, f }) => b.x.set([p.cpu + p.n, f.HALF * f.D, f.TWO]) }],
});

const shape = {
  bindings: [{ name: "x", access: "read_write" }],
  params: [["n", "u32"], ["gpu", "f32", "webgpu"], ["cpu", "f32", "cpu"]],
  fixed: ["D"],
  constants: { HALF: 0.5, TWO: 2 },
  wgsl: () => "",
  workgroups: (): readonly [number, number, number] => [1, 1, 1],
} as const;

Deno.test("defineKernel() keeps a kernel for the threads to come, unless it is the main thread's", () => {
  const kernel = defineKernel({ ...shape, name: "kept", cpu: [] });
  const own = defineKernel({ ...shape, name: "own", cpu: [], mainOnly: true });
  assertEquals([kernel, own].map((one) => definedKernels().includes(one)), [true, false]);
});

Deno.test("defineKernel() refuses a twin whose text does not stand alone", () => {
  const define = (run: () => void) =>
    defineKernel({ ...shape, name: "odd", cpu: [{ tasks: () => 1, run }] });
  const { method } = { method() {} };
  const error = assertThrows(() => define(method), TypeError);
  assertEquals(
    error.message.replace("method ()", "method()"),
    'Cannot define the kernel odd: run of phase 0 is "method() {}…", expected a function or an arrow that stands alone',
  );
  assertThrows(() => define(Math.random), TypeError, "function random() {");
  for (const run of [() => {}, function named() {}, function () {}]) define(run);
});

Deno.test("defineKernel() types b, p and f by the names that are declared", () => {
  defineKernel({
    ...shape,
    name: "typed",
    workgroups: (p, f) => {
      // @ts-expect-error: a param of the CPU device
      return [p.n, p.gpu ?? p.cpu, f.D];
    },
    cpu: [{
      tasks: (p, f) => p.n + p.cpu + f.D + f.TWO,
      run: ({ b, p, f }) => {
        const x: Float32Array = b.x;
        // @ts-expect-error: no such binding
        x.set(b.y);
        // @ts-expect-error: a param of WebGPU
        x[0] = p.gpu;
        // @ts-expect-error: nothing of that name is fixed
        x[1] = f.HALF + f.E;
      },
    }],
  });
});

Deno.test("paramsOn() leaves out those of the other device, and keeps the order", () => {
  const names = (kind: "cpu" | "webgpu") => paramsOn(shape, kind).map(([name]) => name);
  assertEquals([names("cpu"), names("webgpu")], [["n", "cpu"], ["n", "gpu"]]);
});

Deno.test("paramsOn() filters once: a dispatch makes no list", () => {
  for (const kind of ["cpu", "webgpu"] as const) {
    assertStrictEquals(paramsOn({ ...shape }, kind), paramsOn(shape, kind));
  }
  assert(paramsOn(shape, "cpu") !== paramsOn(shape, "webgpu"));
});

deviceTest(
  "a kernel's constants and its device's params reach both implementations",
  async (device) => {
    using arena = new Arena(device, "constants");
    const x = arena.zeros([3], "x");
    const params = { n: 1, gpu: 10, cpu: 20 };
    arena.dispatch(constantsKernel, { bind: { x }, params, fixed: { D: 7 } });
    const own = device.info.runsTwins ? 20 : 10;
    assertEquals([...(await arena.read(x))], [own + 1, 0.5 * 7, 2]);
  },
);
