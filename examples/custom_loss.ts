// deno-lint-ignore-file no-console -- an example prints
// A loss of your own, without a line of WGSL: value and slopes in the log-ratios dw and dl are all it takes.
// This one is the exponential loss L = exp(−β·(dw − dl)), which AdaBoost minimises. On WebGPU a loss without WGSL
// costs a second submit a step, and nothing else changes: it goes wherever `dpo(…)` goes, `Run` included.
//
//   deno run --allow-read examples/custom_loss.ts
import { adapterLayout, completionLogps, fetchModelFolder, keyOf, linearLayers } from "@leash/bpo";
import { loadModel, openDevice, pairwise, type PreferenceLoss, promptIds } from "@leash/bpo";
import { tokenizerFromJson } from "@leash/bpo";
import { Arena, Slot } from "@leash/bpo/backend";
import { initTrainState, preferenceBatch, sequenceOf, trainStep } from "@leash/bpo/core";

const beta = 0.1;
const exponential: PreferenceLoss = {
  name: "exponential",
  options: { beta },
  needsReference: true,
  rewardScale: beta,
  value: ({ dw, dl }) => Math.exp(-beta * (dw - dl)),
  slopes({ dw, dl }) {
    const slope = -beta * Math.exp(-beta * (dw - dl));
    return { dw: slope, dl: -slope };
  },
};

// The slopes are what trains: hold them to the value by a central difference before anything else.
const at = { dw: 1.5, dl: -0.5, nw: 9, nl: 7, lw: -20, ll: -18 }, h = 1e-5;
const up = exponential.value({ ...at, dw: at.dw + h });
const down = exponential.value({ ...at, dw: at.dw - h });
console.log(`slope: ${exponential.slopes(at).dw.toFixed(9)}`);
console.log(`by difference: ${((up - down) / (2 * h)).toFixed(9)}`);

using device = await openDevice();
const folder = new URL("../stories/model/", import.meta.url);
const { config, tensors, tokenizerJson } = await fetchModelFolder(folder);
const model = loadModel(device, config, tensors);
using _weights = model.weights;
const tokenizer = tokenizerFromJson(tokenizerJson, { bos: config.bosId });
const prompt = promptIds(tokenizer, "Lily had two red apples.");
const [chosen, rejected] = [" She gave one to her friend.", " She hid them and told no one."]
  .map((text) => tokenizer.encode(text));
const { sums: [referenceChosen, referenceRejected] } = await completionLogps(
  device,
  model,
  [chosen, rejected].map((ids) => sequenceOf(prompt, ids)),
);
const pair = { prompt, chosen, rejected, referenceChosen, referenceRejected };
const ids = { snapshotId: "start", referenceId: "start", requireSame: true };
const batch = preferenceBatch([pair], ids);
const layout = adapterLayout(linearLayers(config), { rank: 4, alpha: 8 });
using state = new Slot(initTrainState(device, layout, 1, keyOf(1)));
const objective = pairwise(exponential);
for (let step = 0; step < 5; step++) {
  using arena = new Arena(device, `step ${step}`);
  const run = { model, layout, objective };
  const next = await trainStep(arena, run, state.current, batch, { step, learningRate: 3e-3 });
  const { loss } = objective.summarise(await arena.readAll(next.metrics), batch);
  state.set(next.state);
  console.log(`step ${step}: loss ${loss.toFixed(4)}`); // the first is exp(0) = 1
}
