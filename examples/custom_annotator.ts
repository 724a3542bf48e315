// deno-lint-ignore-file no-console -- an example prints
// An annotator of your own: any object with `annotate`. It may ask a person, a service or another model; this one
// likes answers in which somebody speaks, and cannot make up its mind where both or neither do. A tie or a failure
// is counted and never trains. BPO then collects new pairs from the newest policy, phase after phase.
//
//   deno run --allow-read examples/custom_annotator.ts
import { fetchModelFolder, loadModel, openDevice, tokenizerFromJson } from "@leash/bpo";
import { type Annotator, cadence, dpo, online, Run } from "@leash/bpo";

const speaks = (text: string) => /"[A-Z]/.test(text);
const dialogue: Annotator = {
  name: "dialogue",
  annotate(pairs, options) {
    options?.signal?.throwIfAborted();
    return Promise.resolve(pairs.map(({ a, b }) => {
      if (a.trim() === "" || b.trim() === "") {
        return { outcome: "failed", reason: "an empty answer" };
      }
      if (speaks(a) === speaks(b)) return { outcome: "tie" };
      return { outcome: speaks(a) ? "a" : "b", reason: "only one has somebody speak" };
    }));
  },
};

using device = await openDevice();
const folder = new URL("../stories/model/", import.meta.url);
const { config, tensors, tokenizerJson } = await fetchModelFolder(folder);
const model = loadModel(device, config, tensors);
using _weights = model.weights;
const people = ["Tom", "Lily", "Ben", "Mia", "Sam", "Anna"];
const deeds = ["had a red ball.", "met a sad dog.", "found a key.", "ran to mom.", "was cold."];
using run = Run.start(device, {
  model,
  tokenizer: tokenizerFromJson(tokenizerJson, { bos: config.bosId, eos: config.eosId?.[0] }),
  source: online({
    prompts: people.flatMap((who) => deeds.map((deed) => `${who} ${deed}`)),
    ...{ annotator: dialogue, maxNew: 32 },
  }),
  loss: dpo({ beta: 0.1 }),
  cadence: cadence({ steps: 4, phases: 4 }),
  ...{ pairsPerStep: 24, learningRate: 5e-3, seed: 1 },
});
for await (const event of run.events()) {
  if (event.kind !== "pairs") continue;
  const { phase, pairs, ties, failed, records } = event;
  const talks = records.flatMap(({ a, b }) => [speaks(a.text), speaks(b.text)]).filter(Boolean);
  console.log(
    `phase ${phase}: somebody speaks in ${talks.length} of ${2 * pairs} answers`,
    `(${pairs} pairs, ${ties} ties, ${failed} failed)`,
  );
}
