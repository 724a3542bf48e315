// deno-lint-ignore-file no-console -- an example prints
// One training step by hand: a pair of answers, an ensemble of two LoRA members, and what the step changed.
// Shows who owns memory: the arena ends the temporaries, the slot holds the state that the step gives and takes.
//
//   deno run --allow-read examples/training_step.ts
import { adapterLayout, completionLogps, dpo, fetchModelFolder, keyOf } from "@leash/bpo";
import { linearLayers, loadModel, openDevice, pairwise, tokenizerFromJson } from "@leash/bpo";
import { Arena, Slot } from "@leash/bpo/backend";
import { initTrainState, preferenceBatch, sequenceOf, trainStep } from "@leash/bpo/core";

using device = await openDevice();
const folder = new URL("../stories/model/", import.meta.url);
const { config, tensors, tokenizerJson } = await fetchModelFolder(folder);
const model = loadModel(device, config, tensors);
using _weights = model.weights;
const tokenizer = tokenizerFromJson(tokenizerJson, { bos: config.bosId });

// The pair in tokens, and how likely the policy that is being held to finds both answers: here the bare model.
const prompt = [tokenizer.bosId!, ...tokenizer.encode("Tom saw a sad cat.")];
const chosen = tokenizer.encode(" He gave it a big hug and shared his milk.");
const rejected = tokenizer.encode(" He ran away and did not look back.");
const sequences = [chosen, rejected].map((answer) => sequenceOf(prompt, answer));
const { sums: [referenceChosen, referenceRejected] } = await completionLogps(
  device,
  model,
  sequences,
);
const batch = preferenceBatch(
  [{ prompt, chosen, rejected, referenceChosen, referenceRejected }],
  { snapshotId: "start", referenceId: "start", requireSame: true },
);

const layout = adapterLayout(linearLayers(config), { rank: 4, alpha: 8 });
const loss = dpo({ beta: 0.1 });
const objective = pairwise(loss);
const run = { model, layout, objective };
using state = new Slot(initTrainState(device, layout, 2, keyOf(1)));
console.log(`Device: ${device.info.name}. ${2 * layout.size} numbers train in 2 members.`);
for (let step = 0; step < 4; step++) {
  using arena = new Arena(device, `step ${step}`); // leave this block without a readback, and nothing has happened
  const next = await trainStep(arena, run, state.current, batch, { step, learningRate: 3e-3 });
  const row = objective.summarise(await arena.readAll(next.metrics), batch);
  state.set(next.state);
  const margin = row["rewards/margins"] / loss.rewardScale;
  console.log(
    `step ${step}: loss ${row.loss.toFixed(4)}, the kind answer is ahead by ${
      margin.toFixed(2)
    } nats`,
  );
}
