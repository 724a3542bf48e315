// deno-lint-ignore-file no-console -- an example prints
// Offline DPO from a CSV file (prompt, chosen, rejected): nothing is generated, the reference is the bare model.
// The last four pairs are held out: does what was learnt carry over to them?
//
//   deno run --allow-read examples/offline_dpo_from_csv.ts [pairs.csv]
import { cadence, dpo, fetchModelFolder, loadModel, offline, openDevice } from "@leash/bpo";
import { pairRanker, readPairs, Run, tokenizerFromJson } from "@leash/bpo";
import { openDataset } from "@leash/bpo/files";

const file = Deno.args[0] ?? new URL("pairs.csv", import.meta.url).pathname;
using device = await openDevice();
const folder = new URL("../stories/model/", import.meta.url);
const { config, tensors, tokenizerJson } = await fetchModelFolder(folder);
const model = loadModel(device, config, tensors);
using _weights = model.weights;
const tokenizer = tokenizerFromJson(tokenizerJson, { bos: config.bosId });

const { pairs, notes } = await readPairs((await openDataset(file)).rows(), tokenizer);
console.log(notes.join("\n"));
using run = Run.start(device, {
  ...{ model, tokenizer, source: offline(pairs.slice(0, -4)), loss: dpo({ beta: 0.1 }) },
  ...{ cadence: cadence({ steps: 12, phases: 1 }), pairsPerStep: 16, learningRate: 2e-3 },
});
for await (const event of run.events()) {
  if (event.kind === "step") console.log(`loss ${event.metrics.loss.toFixed(4)}`);
}
const ranked = await pairRanker(device, model, pairs)(run.members());
const right = (some: string[]) => `${some.filter((o) => o === "a").length} of ${some.length}`;
console.log(`raised above the rejected: ${right(ranked.slice(0, -4))} chosen answers`);
console.log(`and ${right(ranked.slice(-4))} that were held out`);
