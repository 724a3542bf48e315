import { assert, assertEquals } from "@std/assert";
import { Arena, sizeOf } from "../../backend/mod.ts";
import { attentionBenches } from "../../bench/kernels/attention.ts";
import { matmulBenches } from "../../bench/kernels/matmul.ts";
import { matrixBenches } from "../../bench/kernels/matrix.ts";
import { rowBenches } from "../../bench/kernels/rows.ts";
import { trainingBenches } from "../../bench/kernels/training.ts";
import { peakKernel, sweepKernel } from "../../bench/support/peak.ts";
import { stepFlop } from "../../bench/support/model.ts";
import { stepBench } from "../../bench/step.ts";
import { config, LENGTH, stepSizes } from "../../bench/support/sizes.ts";
import { kernelFiles } from "../../tools/mutate.ts";
import { runsOn } from "../../tools/mutate/plan.ts";
import { deviceTest } from "../support/devices.ts";

const benches = [
  ...matmulBenches,
  ...matrixBenches,
  ...attentionBenches,
  ...rowBenches,
  ...trainingBenches,
];

deviceTest(
  "bench: every kernel that runs on the device is dispatched by a bench",
  async (device) => {
    const dispatched = new Set<string>();
    const planted = device.onSubmit;
    // Only what is recorded counts: nothing runs.
    device.onSubmit = (commands) => {
      for (const command of commands) {
        if (command.op === "dispatch") dispatched.add(command.kernel.name.replace(/\(.*/, ""));
      }
      return [];
    };
    try {
      for (const bench of benches) {
        const { record, flop, bytes, owned } = bench.setup(device, "small");
        using arena = new Arena(device, bench.name);
        assert(sizeOf(record(arena).shape) > 0);
        arena.commit();
        owned[Symbol.dispose]();
        assert((flop ?? bytes ?? 0) > 0, `${bench.name} counts no work`);
      }
    } finally {
      device.onSubmit = planted;
    }
    const { kind } = device.info;
    const all = (await kernelFiles()).flatMap(({ kernels }) => kernels)
      .filter((kernel) => runsOn(kernel, kind)).map(({ name }) => name.replace(/\(.*/, ""));
    assertEquals([...new Set(all)].filter((name) => !dispatched.has(name)), []);
  },
);

Deno.test("bench: names are unique", () => {
  assertEquals(new Set(benches.map(({ name }) => name)).size, benches.length);
});

deviceTest("peakKernel and sweepKernel compute what they count", async (device) => {
  using arena = new Arena(device, "peak");
  const gpu = device.info.kind === "webgpu";
  const x = arena.alloc([3], "x");
  arena.dispatch(peakKernel, {
    bind: { x },
    params: { tasks: 3, iterations: 50, scale: 0.5, shift: 1 },
    fixed: { FUSED: 1 },
  });
  // Every chain tends to shift / (1 − scale) = 2: 12 numbers of one lane each, or of four.
  assertEquals([...await arena.read(x)], Array(3).fill(gpu ? 24 : 96));
  const n = 5000;
  const a = arena.upload([n], Float32Array.from({ length: n }, (_, i) => i), "a");
  const z = arena.alloc([n], "z");
  arena.dispatch(sweepKernel, { bind: { x: a, y: a, z }, params: { n } });
  assertEquals(await arena.read(z), Float32Array.from({ length: n }, (_, i) => 2 * i));
});

deviceTest("stepFlop() counts the products that a step dispatches", async (device) => {
  const sizes = stepSizes("small"), { heads, headDim, layers } = config;
  const step = stepBench.setup(device, "small");
  let flop = 0;
  const planted = device.onSubmit;
  device.onSubmit = (commands) => {
    for (const command of commands) {
      if (command.op !== "dispatch") continue;
      const { kernel, params: p } = command;
      if (kernel.name === "matmul") flop += 2 * p.groups * p.M * p.N * (p.K + p.rank);
    }
    return [];
  };
  try {
    await step.run();
  } finally {
    device.onSubmit = planted;
    step.owned[Symbol.dispose]();
  }
  // Attention: two half squares of scores forward, five backward, 2·headDim FLOP each.
  const pairs = sizes.sequences * heads * LENGTH * (LENGTH + 1) / 2;
  assertEquals(stepFlop(sizes), flop + 7 * layers * pairs * 2 * headDim);
}, ["cpu"]);
