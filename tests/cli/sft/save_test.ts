import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { completionLogps, linearLayers, loadModel } from "../../../core/mod.ts";
import { readModelFolder } from "../../../files/mod.ts";
import { readAdapterFolder } from "../../../cli/policy/adapter_files.ts";
import { saveLearnt } from "../../../cli/sft/save.ts";
import { uploadSnapshot } from "../../../scheduler/mod.ts";
import { completions, lossEvaluator, SftRun } from "../../../training/mod.ts";
import { commandWorkspace } from "../../support/command_run.ts";
import { sftRows } from "../../support/tiny_sft.ts";
import { charTokenizer as tokenizer } from "../../support/tiny_task.ts";
import { tinyModel } from "../../support/tiny_run.ts";

const sequences = sftRows(4);

async function learn(allWeights: boolean) {
  const device = await CpuDevice.open({ threads: 1 });
  const { config, tensors } = await tinyModel();
  const model = loadModel(device, config, tensors);
  const run = SftRun.start(device, {
    ...{ model, tokenizer, allWeights, rank: 2, alpha: 4, rsLora: true, steps: 4 },
    ...{ source: completions(sequences), learningRate: 0.02 },
    evaluator: lossEvaluator(sequences),
  });
  await run.finish();
  return {
    ...{ device, model, run, loss: run.evaluations[1].numbers.loss },
    [Symbol.dispose]() {
      run[Symbol.dispose]();
      model.weights[Symbol.dispose]();
      device[Symbol.dispose]();
    },
  };
}

Deno.test("saveLearnt() writes an adapter that has what was learnt", async () => {
  using work = await commandWorkspace();
  using learnt = await learn(false);
  const { device, model, run, loss } = learnt;
  const about = { baseModel: "org/base", rsLora: true };
  assertEquals(await saveLearnt(device, model, run.learnt, work.dir, about), "adapter");
  const stored = await readAdapterFolder(`${work.dir}/adapter`, linearLayers(model.config));
  assertAlmostEquals(stored.layout.scale, 4 / Math.sqrt(2), 1e-6);
  using adapter = uploadSnapshot(device, "a", stored.layout, stored.params);
  const { sums } = await completionLogps(device, model, sequences, { adapter: adapter.adapter() });
  assertAlmostEquals(-sums.reduce((a, b) => a + b, 0) / 8, loss, 1e-5);
});

Deno.test("saveLearnt() writes a model folder that has what was learnt, and the base's files", async () => {
  using work = await commandWorkspace();
  using learnt = await learn(true);
  const { device, model, run, loss } = learnt;
  await Deno.mkdir(`${work.dir}/run`);
  const about = { files: { from: `${work.dir}/model` }, baseModel: "org/base", rsLora: false };
  assertEquals(await saveLearnt(device, model, run.learnt, `${work.dir}/run`, about), "model");
  const stored = await readModelFolder(`${work.dir}/run/model`);
  assertEquals(stored.tensors.get("model.norm.weight")!.shape, [16]);
  assert(stored.tokenizerJson !== undefined, "Expected the tokenizer beside the weights");
  const saved = loadModel(device, stored.config, stored.tensors);
  using _saved = saved.weights;
  const { sums } = await completionLogps(device, saved, sequences);
  assertAlmostEquals(-sums.reduce((a, b) => a + b, 0) / 8, loss, 1e-5);
});
