// deno-lint-ignore-file no-console -- an example prints
// Offline DPO from a CSV file (prompt, chosen, rejected): nothing is generated, the reference is the bare model.
// The last four pairs are held out: does what was learnt carry over to them?
//
//   deno run --allow-read examples/offline_dpo_from_csv.ts [pairs.csv]
import {
  fetchModelFolder,
  linearLayers,
  loadModel,
  openDevice,
  tokenizerFromJson,
} from "@leash/bpo";
import { adapterLayout, completionLogps, initTrainState, keyOf, preferenceBatch } from "@leash/bpo";
import { Arena, dpo, promptIds, Slot, summariseStep, trainStep } from "@leash/bpo";
import { describeRows, type PreferenceRow, toExamples } from "@leash/bpo";
import { openDataset } from "@leash/bpo/io";

const file = Deno.args[0] ?? new URL("pairs.csv", import.meta.url).pathname;
const examples = toExamples((await openDataset(file)).rows(), { format: "preference" });
const rows = await Array.fromAsync(examples) as PreferenceRow[];
const [used, ...skipped] = describeRows(examples.report);
if (rows.length <= 4) throw new TypeError(`Cannot learn from ${file}: ${[used, ...skipped]}`);
for (const line of skipped) console.log(line);
using device = await openDevice();
const folder = new URL("../stories/model/", import.meta.url);
const { config, tensors, tokenizerJson } = await fetchModelFolder(folder);
const model = loadModel(device, config, tensors);
using _weights = model.weights;
const tokenizer = tokenizerFromJson(tokenizerJson, { bos: config.bosId });

const sequences = rows.flatMap(({ prompt, chosen, rejected }) => {
  const ids = promptIds(tokenizer, String(prompt));
  const sequence = (text: string) => [...ids, ...tokenizer.encode(` ${text}`)];
  return [chosen, rejected].map((text) => ({
    ids: sequence(String(text)),
    promptLength: ids.length,
  }));
});
const { sums: reference } = await completionLogps(device, model, sequences);
const pairs = rows.map((_, i) => ({
  prompt: sequences[2 * i].ids.slice(0, sequences[2 * i].promptLength),
  chosen: sequences[2 * i].ids.slice(sequences[2 * i].promptLength),
  rejected: sequences[2 * i + 1].ids.slice(sequences[2 * i].promptLength),
  referenceChosen: reference[2 * i],
  referenceRejected: reference[2 * i + 1],
}));
const ids = { snapshotId: "pairs.csv", referenceId: "sft", requireSame: false }; // DPO, not BPO
const batch = preferenceBatch(pairs.slice(0, -4), ids);
const layout = adapterLayout(linearLayers(config), { rank: 4, alpha: 8 });
const run = { model, layout, loss: dpo({ beta: 0.1 }) };
using state = new Slot(initTrainState(device, layout, 1, keyOf(1)));
for (let step = 0; step < 12; step++) {
  using arena = new Arena(device, `step ${step}`);
  const next = await trainStep(arena, run, state.current, batch, { step, learningRate: 2e-3 });
  const { loss } = summariseStep(await arena.readAll(next.metrics), batch, run.loss);
  state.set(next.state);
  if (step % 4 === 3) console.log(`after step ${step}: loss ${loss.toFixed(4)}`);
}
const adapter = { layout, params: state.current.borrow().params };
const { sums } = await completionLogps(device, model, sequences, { adapter });
const gains = sums.map((sum, i) => sum - reference[i]);
const right = rows.map((_, i) => gains[2 * i] > gains[2 * i + 1]);
const count = (list: boolean[]) => `${list.filter(Boolean).length} of ${list.length}`;
console.log(`raised above the rejected: ${count(right.slice(0, -4))} chosen answers`);
console.log(`and ${count(right.slice(-4))} that were held out`);
