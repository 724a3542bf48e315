import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { completionLogps, packSequences } from "../../../core/mod.ts";
import { lossEvaluator } from "../../../training/mod.ts";
import { type SftLearner, sftLearner } from "../../../training/sft/learner.ts";
import { settleSft } from "../../../training/sft/options.ts";
import { charTokenizer as tokenizer } from "../../support/tiny_task.ts";
import { tinySft } from "../../support/tiny_sft.ts";

const sequences = [
  { ids: [1, 5, 6, 7, 8], promptLength: 2 },
  { ids: [1, 9, 10], promptLength: 1 },
];
const packed = packSequences(sequences);

async function measure(device: CpuDevice, learner: SftLearner): Promise<number> {
  using measured = learner.measured();
  const request = { ...measured, device, tokenizer, step: 0, steps: 1 };
  return (await lossEvaluator(sequences).evaluate(request)).numbers.loss;
}

for (const allWeights of [false, true]) {
  const name = allWeights ? "all weights" : "an adapter";

  Deno.test(`sftLearner() teaches ${name}, and leaves the base as it was`, async () => {
    using device = await CpuDevice.open({ threads: 1 });
    using options = await tinySft(device, { allWeights });
    const { sums: base } = await completionLogps(device, options.model, sequences);
    using learner = sftLearner(device, settleSft(options));
    const before = await measure(device, learner);
    const losses: number[] = [];
    for (let step = 0; step < 6; step++) {
      const { loss, gradNorm } = await learner.step(packed, { step, learningRate: 0.02 });
      losses.push(loss);
      assert(gradNorm > 0 && Number.isFinite(gradNorm));
    }
    assertAlmostEquals(losses[0], before, 1e-5, "a step's loss is that before its update");
    assert(losses.every((loss, i) => i === 0 || loss < losses[i - 1]), `${losses}`);
    assert(await measure(device, learner) < losses[5]);
    assertEquals((await completionLogps(device, options.model, sequences)).sums, base);
    assertEquals(learner.learnt.kind, allWeights ? "weights" : "adapter");
    assert(learner.trained > 0);
    const bytes = device.stats().bytes;
    await measure(device, learner);
    assertEquals(device.stats().bytes, bytes, "what was copied to be measured is freed");
  });

  Deno.test(`sftLearner() of ${name} goes on from what another captured, to the bit`, async () => {
    using device = await CpuDevice.open({ threads: 1 });
    using options = await tinySft(device, { allWeights });
    const settled = settleSft(options);
    using whole = sftLearner(device, settled);
    for (const step of [0, 1]) await whole.step(packed, { step, learningRate: 0.02 });
    const arrays = await whole.capture();
    using again = sftLearner(device, settled, arrays);
    assertEquals(await again.capture(), arrays);
    const next = { step: 2, learningRate: 0.02 };
    assertEquals(await again.step(packed, next), await whole.step(packed, next));
    assertEquals(await again.capture(), await whole.capture());
    const [first] = arrays.keys();
    const missing = new Map([...arrays].filter(([name]) => name !== first));
    assertThrows(() => sftLearner(device, settled, missing), TypeError, "Cannot go on with");
  });
}

Deno.test("sftLearner() has AdamW's constants, and begins with an adapter that is there", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  for (const allWeights of [false, true]) {
    using options = await tinySft(device, { allWeights });
    const ends = [];
    for (const weightDecay of [0, 0.5]) {
      using learner = sftLearner(device, settleSft({ ...options, adamw: { weightDecay } }));
      await learner.step(packed, { step: 0, learningRate: 0.1 });
      ends.push(await learner.capture());
    }
    assertNotEquals(ends[0], ends[1]);
  }
  using options = await tinySft(device);
  using fresh = sftLearner(device, settleSft(options));
  assert(fresh.learnt.kind === "adapter");
  const { layout } = fresh.learnt.adapter;
  const params = new Float32Array(layout.size).fill(0.25);
  using started = sftLearner(device, settleSft({ ...options, startFrom: { layout, params } }));
  assertEquals((await started.capture()).get("params"), params);
});
