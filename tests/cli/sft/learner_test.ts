import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import {
  adapterLayout,
  completionLogps,
  keyOf,
  linearLayers,
  loadModel,
  type Model,
  packSequences,
} from "../../../core/mod.ts";
import { readModelFolder } from "../../../files/mod.ts";
import { readAdapterFolder } from "../../../cli/policy/adapter_files.ts";
import {
  adapterLearner,
  fullLearner,
  type SavedArrays,
  type SftLearner,
} from "../../../cli/sft/learner.ts";
import { uploadSnapshot } from "../../../scheduler/mod.ts";
import { commandWorkspace } from "../../support/command_run.ts";
import { tinyModel } from "../../support/tiny_run.ts";

const sequences = [
  { ids: [0, 5, 6, 7, 8], promptLength: 2 },
  { ids: [0, 9, 10], promptLength: 1 },
];
const packed = packSequences(sequences);

async function learns(learner: SftLearner): Promise<void> {
  const before = await learner.evaluate(sequences);
  const losses: number[] = [];
  for (let step = 0; step < 6; step++) {
    const { loss, gradNorm } = await learner.step(packed, { step, learningRate: 0.02 });
    losses.push(loss);
    assert(gradNorm > 0 && Number.isFinite(gradNorm));
  }
  assertAlmostEquals(losses[0], before, 1e-5, "a step's loss is that before its update");
  assert(losses.every((loss, i) => i === 0 || loss < losses[i - 1]), `${losses}`);
  assert(await learner.evaluate(sequences) < losses[5]);
}

Deno.test("adapterLearner() learns, and saves an adapter that has what was learnt", async () => {
  using work = await commandWorkspace();
  using device = await CpuDevice.open({ threads: 1 });
  const { config, tensors } = await tinyModel();
  const model = loadModel(device, config, tensors);
  using _weights = model.weights;
  const layers = linearLayers(config);
  const layout = adapterLayout(layers, { rank: 2, alpha: 4, rsLora: true });
  const save = { baseModel: "org/base", rsLora: true };
  using learner = adapterLearner(device, model, layout, keyOf(1), save);
  await learns(learner);
  assertEquals(
    learner.trained,
    [...layout.modules.values()].reduce((n, m) => n + 2 * (m.inDim + m.outDim), 0),
  );
  assertEquals(await learner.save(work.dir), "adapter");
  const stored = await readAdapterFolder(`${work.dir}/adapter`, layers);
  assertAlmostEquals(stored.layout.scale, 4 / Math.sqrt(2), 1e-6);
  using adapter = uploadSnapshot(device, "a", stored.layout, stored.params);
  const { sums } = await completionLogps(device, model, sequences, { adapter: adapter.adapter() });
  assertAlmostEquals(-(sums[0] + sums[1]) / 5, await learner.evaluate(sequences), 1e-5);
});

Deno.test("fullLearner() learns in all weights, leaves the base, and saves a model folder", async () => {
  using work = await commandWorkspace();
  using device = await CpuDevice.open({ threads: 1 });
  const { config, tensors } = await tinyModel();
  const model = loadModel(device, config, tensors);
  using _weights = model.weights;
  const { sums: before } = await completionLogps(device, model, sequences);
  using learner = fullLearner(device, model, { files: { from: `${work.dir}/model` } });
  await learns(learner);
  assertEquals((await completionLogps(device, model, sequences)).sums, before);
  await Deno.mkdir(`${work.dir}/run`);
  assertEquals(await learner.save(`${work.dir}/run`), "model");
  const stored = await readModelFolder(`${work.dir}/run/model`);
  assertEquals(stored.tensors.get("model.norm.weight")!.shape, [16]);
  assert(stored.tokenizerJson !== undefined, "Expected the tokenizer beside the weights");
  const saved = loadModel(device, stored.config, stored.tensors);
  using _saved = saved.weights;
  const { sums } = await completionLogps(device, saved, sequences);
  assertAlmostEquals(-(sums[0] + sums[1]) / 5, await learner.evaluate(sequences), 1e-5);
});

const LEARNERS = {
  adapterLearner: (device: CpuDevice, model: Model, saved?: SavedArrays) =>
    adapterLearner(
      device,
      model,
      adapterLayout(linearLayers(model.config), { rank: 2, alpha: 4 }),
      keyOf(1),
      { baseModel: "org/base", rsLora: false, saved },
    ),
  fullLearner: (device: CpuDevice, model: Model, saved?: SavedArrays) =>
    fullLearner(device, model, { files: {}, saved }),
};

for (const [name, open] of Object.entries(LEARNERS)) {
  Deno.test(`${name}() goes on from what another captured, to the bit`, async () => {
    using device = await CpuDevice.open({ threads: 1 });
    const { config, tensors } = await tinyModel();
    const model = loadModel(device, config, tensors);
    using _weights = model.weights;
    using whole = open(device, model);
    for (const step of [0, 1]) await whole.step(packed, { step, learningRate: 0.02 });
    const arrays = await whole.capture() as Map<string, Float32Array<ArrayBuffer>>;
    using again = open(device, model, { arrays, array: (name) => arrays.get(name)! });
    assertEquals(await again.capture(), arrays);
    const next = { step: 2, learningRate: 0.02 };
    assertEquals(await again.step(packed, next), await whole.step(packed, next));
    assertEquals(await again.capture(), await whole.capture());
  });
}
