import { assertEquals, assertStringIncludes } from "@std/assert";
import { Arena } from "../../backend/arena.ts";
import type { Kernel } from "../../backend/kernel.ts";
import { addKernel } from "../../backend/kernels/elementwise.ts";
import { kernelFiles, parseFlags } from "../../tools/mutate.ts";
import {
  directionsOf,
  judge,
  kernelsOf,
  planMutations,
  plantOf,
  runsOn,
  seenIn,
  unexported,
} from "../../tools/mutate/plan.ts";
import { deviceTest } from "../support/devices.ts";
import { plantedError, SEEN, type SeenDispatch } from "../support/mutation.ts";

const twice: Kernel = {
  name: "twice",
  bindings: [
    { name: "x", access: "read" },
    { name: "y", access: "read_write" },
    { name: "sum", access: "read_write" },
  ],
  params: [["rows", "u32"], ["sign", "f32"]],
  fixed: ["D", "ADD"],
  wgsl: () => "fn main() {}",
  workgroups: () => [1, 1, 1],
  cpu: [{ tasks: () => 1, run: ({ b }, lo, hi) => b.y.fill(lo + hi) }],
};
const cpuOnly: Kernel = {
  ...twice,
  name: "cpuOnly",
  bindings: [{ name: "z", access: "read_write" }],
  wgsl: () => {
    throw new Error("Cannot run on WebGPU");
  },
};
const gpuOnly: Kernel = {
  ...cpuOnly,
  name: "gpuOnly",
  wgsl: twice.wgsl,
  cpu: [{
    tasks: () => 1,
    run: () => {
      throw new Error("Cannot run on the CPU device");
    },
  }],
};

const saw = (kernel: string, device: string, numbers: SeenDispatch["numbers"]): SeenDispatch => ({
  kernel,
  device,
  numbers,
});
const seen: SeenDispatch[] = [
  saw("twice", "cpu", { rows: 1, sign: 1, D: 1, ADD: 0 }),
  saw("twice", "cpu", { rows: null, sign: 1, D: 1, ADD: 1 }),
  saw("twice", "cpu", { rows: null, sign: -1, D: null, ADD: 1 }),
  saw("twice", "webgpu", { rows: null, sign: 1, D: null, ADD: 1 }),
  saw("cpuOnly", "cpu", { rows: null, sign: 1, D: 0, ADD: 0 }),
];

Deno.test("kernelsOf() finds the kernels among a module's exports, each once", () => {
  const module = { twice, again: twice, gpuOnly, wrapper: () => 1, tile: 64, nothing: null };
  assertEquals(kernelsOf(module), [twice, gpuOnly]);
});

Deno.test("runsOn() knows kernels whose other half only throws", () => {
  assertEquals([twice, cpuOnly, gpuOnly].map((k) => [runsOn(k, "cpu"), runsOn(k, "webgpu")]), [
    [true, true],
    [true, false],
    [false, true],
  ]);
});

Deno.test("directionsOf() takes the combinations of switches that were dispatched, no others", () => {
  // ADD and sign are switches on the CPU device; D and rows take other values too.
  assertEquals(directionsOf("twice", "cpu", seen), [
    "sign=-1,ADD=1",
    "sign=1,ADD=0",
    "sign=1,ADD=1",
  ]);
  assertEquals(directionsOf("twice", "webgpu", seen), [""]);
  assertEquals(directionsOf("gpuOnly", "webgpu", seen), []);
});

Deno.test("planMutations() lists every output, device and direction of a small module", () => {
  const planned = planMutations([twice, cpuOnly, gpuOnly], seen, ["cpu", "webgpu"]);
  assertEquals(planned.map((one) => `${plantOf(one)}${one.dispatched ? "" : " never"}`), [
    "twice/y/cpu/sign=-1,ADD=1",
    "twice/y/cpu/sign=1,ADD=0",
    "twice/y/cpu/sign=1,ADD=1",
    "twice/sum/cpu/sign=-1,ADD=1",
    "twice/sum/cpu/sign=1,ADD=0",
    "twice/sum/cpu/sign=1,ADD=1",
    "twice/y/webgpu",
    "twice/sum/webgpu",
    "cpuOnly/z/cpu",
    "gpuOnly/z/webgpu never",
  ]);
  assertEquals(planMutations([twice], seen, ["webgpu"]).length, 2);
});

Deno.test("judge() says caught only where an assertion failed", () => {
  const failed = "FAILED | 3 passed | 1 failed (20ms)";
  assertEquals(judge(`error: AssertionError: y is off\n${failed}`), "caught");
  assertEquals(judge("ok | 12 passed | 0 failed (1s)"), "survived");
  assertEquals(judge("ok | 1 passed | 0 failed | 30 filtered out (439ms)"), "survived");
  assertEquals(judge(`error: Error: Cannot finish the work on WebGPU\n${failed}`), "broken");
  assertEquals(judge("error: AssertionError: and then the process died"), "broken");
});

Deno.test("unexported() names kernels that no file exports, but for a test's own loss", () => {
  const list = [...seen, saw("preferenceLoss:mine()", "cpu", {}), saw("secret", "cpu", {})];
  assertEquals(unexported(list, [twice, cpuOnly]), ["secret"]);
});

Deno.test("seenIn() reads the recording between other output", () => {
  const line = SEEN + JSON.stringify(seen[0]);
  assertEquals(seenIn(`running 1 test\n${line}\nok | 1 passed\n`), [seen[0]]);
});

Deno.test("parseFlags() says what is planted, and refuses what goes not together", () => {
  const mistakes = { share: 1, seed: 1, seconds: 86400 };
  const both = ["kernels", "mistakes"] as const;
  const all = { kernel: undefined, devices: ["cpu", "webgpu"], jobs: 2, plant: both, mistakes };
  assertEquals(parseFlags([]), { ...all, plant: [...both] });
  assertEquals(parseFlags(["--device", "cpu", "--jobs=4", "--kernel", "rope"]), {
    ...{ kernel: "rope", devices: ["cpu"], jobs: 4, plant: ["kernels"], mistakes },
  });
  assertEquals(parseFlags(["--share", "0.1", "--seed=7", "--room", "core/text"]), {
    ...{ ...all, plant: ["mistakes"] },
    mistakes: { share: 0.1, seed: 7, seconds: 86400, room: "core/text" },
  });
  const refused = [
    ...[["--device", "gpu"], ["--jobs", "0"], ["--job", "1"], ["rope"], ["--share", "0"]],
    ...[["--share", "1.1"], ["--seed", "x"], ["--seconds", "0"], [
      "--kernel",
      "rope",
      "--share",
      "1",
    ]],
  ];
  for (const bad of refused) assertStringIncludes(String(parseFlags(bad)), "expected");
});

deviceTest(
  "plantedError() scales one output by 1.001 where the conditions hold",
  async (device) => {
    const { kind } = device.info;
    const run = async (plant: string) => {
      using arena = new Arena(device, "plant");
      const x = arena.upload([3], new Float32Array([1, 2, 3]), "x"), z = arena.alloc([3], "z");
      arena.dispatch(addKernel, { bind: { x, y: x, z }, params: { n: 3 } });
      const before = device.onSubmit;
      device.onSubmit = plantedError(kind, plant);
      try {
        return Array.from(await arena.read(z));
      } finally {
        device.onSubmit = before;
      }
    };
    const off = [2, 4, 6].map((v) => Math.fround(v * Math.fround(1.001)));
    const other = kind === "cpu" ? "webgpu" : "cpu";
    assertEquals(await run(""), [2, 4, 6]);
    assertEquals(await run(`add/z/${other}`), [2, 4, 6]);
    assertEquals(await run(`add/z/${kind}/n=4`), [2, 4, 6]);
    const planted = await run(`add/z/${kind}/n=3`);
    planted.forEach((v, i) => assertEquals(Math.abs(v - off[i]) <= 2 ** -22 * v, true));
  },
);

deviceTest("plantedError() adds 1 to whole numbers", async (device) => {
  const { kind } = device.info;
  const counter: Kernel = {
    ...addKernel,
    name: "counter",
    bindings: [{ name: "z", access: "read_write", type: "u32" }],
    params: [["n", "u32"]],
    wgsl: () =>
      `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < p.n) { z[id.x] = 7u; } }`,
    cpu: [{ tasks: () => 1, run: ({ b, p }) => b.z.fill(7, 0, p.n) }],
  };
  using arena = new Arena(device, "plant");
  const z = arena.upload([2], new Uint32Array(2), "z");
  arena.dispatch(counter, { bind: { z }, params: { n: 2 } });
  const before = device.onSubmit;
  device.onSubmit = plantedError(kind, `counter/z/${kind}`);
  try {
    assertEquals([...await arena.read(z)], [8, 8]);
  } finally {
    device.onSubmit = before;
  }
});

Deno.test("kernelFiles() finds the kernels in folders too", async () => {
  const files = await kernelFiles();
  const of = (name: string) => files.find((file) => file.name === name);
  assertEquals(of("matmul/matmul")?.kernels.map(({ name }) => name), [
    ...["matmul", "matmulNarrow", "matmulReduce"],
  ]);
  assertEquals(of("attention/decode")?.test, "tests/backend/kernels/attention/decode_test.ts");
  assertEquals(of("rope")?.kernels.length, 1);
});
