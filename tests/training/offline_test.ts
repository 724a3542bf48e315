import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { adapterLayout, completionLogps, keyOf, linearLayers } from "../../core/mod.ts";
import { dpo } from "../../losses/mod.ts";
import { cadence, uploadSnapshot } from "../../scheduler/mod.ts";
import { CpuDevice } from "../../backend/cpu/device.ts";
import type { DataPair } from "../../cli/data/training_data.ts";
import { offlineAlignment, offlinePairs, pairRanker, scorePairs } from "../../training/offline.ts";
import { modelFixture } from "../support/fixtures.ts";
import { uniform } from "../support/random.ts";
import { charTokenizer } from "../support/tiny_task.ts";

const pairs: DataPair[] = Array.from({ length: 5 }, (_, i) => ({
  ...{
    kind: "preference",
    place: `p.csv:${i + 2}`,
    text: `prompt ${i}`,
    prompt: [1, 10 + i],
    asked: [1, 10 + i],
  },
  ...{ chosen: [20 + i, 30, 2], rejected: [40 + i], cut: { prompt: 0, chosen: 0, rejected: 0 } },
}));

Deno.test("offlinePairs() visits each pair once an epoch, scored by the reference", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const source = offlinePairs(pairs, {
    ...{ device, model, tokenizer: charTokenizer, reference: { id: "sft" } },
    visits: { pairsPerStep: 3, cadence: cadence({ steps: 4, phases: 1 }), key: keyOf(3) },
  });
  const records = await source.phase([0, 4], 0, new AbortController().signal);
  assertEquals(records.map(({ step }) => step), [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  for (const epoch of [records.slice(0, 5), records.slice(5, 10)]) {
    assertEquals(epoch.map(({ prompt }) => prompt).toSorted(), pairs.map(({ text }) => text));
  }
  const ends = model.config.eosId ?? [];
  for (const { prompt, promptIds, a, b, verdict, annotator, snapshotId, referenceId } of records) {
    const pair = pairs.find(({ text }) => text === prompt)!;
    assertEquals([promptIds, a.ids, b.ids], [pair.prompt, pair.chosen, pair.rejected]);
    assertEquals([verdict.outcome, annotator], ["a", "data"]);
    assertEquals([snapshotId, referenceId], ["data", "sft"]);
    assertEquals(verdict.reason, `chosen in ${pair.place}`);
    assertEquals([a.finish, b.finish], [ends.includes(2) ? "stop" : "length", "length"]);
    const { sums } = await completionLogps(device, model, [
      { ids: [...pair.prompt, ...pair.chosen], promptLength: 2 },
      { ids: [...pair.prompt, ...pair.rejected], promptLength: 2 },
    ]);
    assertAlmostEquals(a.referenceLogp, sums[0], 1e-5);
    assertAlmostEquals(b.referenceLogp, sums[1], 1e-5);
    assertEquals(a.logps.length, 3);
  }
});

Deno.test("scorePairs() hears an abort between groups", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const stop = AbortSignal.abort(new Error("stop"));
  await assertRejects(() => scorePairs(device, model, pairs, undefined, stop), Error, "stop");
});

Deno.test("pairRanker() calls every pair of the start a tie, and others by what was raised more", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 2 });
  using policy = uploadSnapshot(device, "p", layout, uniform(layout.size, 3, 0.4));
  const rank = pairRanker(device, model, pairs, undefined);
  assertEquals(await rank(undefined), pairs.map(() => "tie"));
  const outcomes = await rank(policy.adapter());
  const [before, after] = [
    await scorePairs(device, model, pairs, undefined),
    await scorePairs(device, model, pairs, policy.adapter()),
  ];
  const total = (logps: Float32Array) => logps.reduce((a, b) => a + b, 0);
  const wanted = pairs.map((_, i) =>
    total(after[i].chosen) - total(before[i].chosen) >
        total(after[i].rejected) - total(before[i].rejected)
      ? "a"
      : "b"
  );
  assertEquals(outcomes, wanted);
  const swapped = pairs.map((pair) => ({ ...pair, chosen: pair.rejected, rejected: pair.chosen }));
  const other = await pairRanker(device, model, swapped, undefined)(policy.adapter());
  assertEquals(other, wanted.map((outcome) => outcome === "a" ? "b" : "a"));
  // From that policy on, it is the one that has raised nothing.
  assert(
    (await pairRanker(device, model, pairs, policy.adapter())(policy.adapter())).every((o) =>
      o === "tie"
    ),
  );
});

Deno.test("offlineAlignment() learns the pairs by the losses of whole batches, and again the same", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const options = {
    ...{ model, tokenizer: charTokenizer, pairs, loss: dpo({ beta: 0.1 }), learningRate: 5e-2 },
    ...{ pairsPerStep: 5, steps: 4, seed: 7 },
  };
  const losses = async () => {
    using run = await offlineAlignment(device, options);
    const losses: number[] = [];
    while (!run.done) {
      const { pairs, metrics } = await run.step();
      assertEquals(pairs, 5);
      losses.push(metrics.loss);
    }
    const ranked = await pairRanker(device, model, pairs)(run.members());
    return { losses, ranked, records: run.records };
  };
  const first = await losses();
  assertAlmostEquals(first.losses[0], Math.LN2, 1e-6); // the learner begins as the reference
  assert(first.losses[3] < first.losses[0] - 0.05, `${first.losses}`);
  assertEquals(first.ranked, pairs.map(() => "a"));
  assertEquals(await losses(), first);
  const direct = offlinePairs(pairs, {
    ...{ device, model, tokenizer: charTokenizer, reference: { id: "sft" } },
    visits: { pairsPerStep: 5, cadence: cadence({ steps: 4, phases: 1 }), key: keyOf(7) },
  });
  assertEquals(first.records, await direct.phase([0, 4], 0));
});

Deno.test("offlineAlignment() is one epoch by default, frees what it has at an abort, and refuses no pairs", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const options = {
    ...{ model, tokenizer: charTokenizer, pairs, loss: dpo({ beta: 0.1 }), learningRate: 1e-3 },
    pairsPerStep: 2,
  };
  {
    using run = await offlineAlignment(device, options);
    assertEquals([run.options.cadence.steps, run.layout.rank], [3, 8]);
  }
  const { live } = device.stats();
  const signal = AbortSignal.abort(new Error("stop"));
  await assertRejects(() => offlineAlignment(device, { ...options, signal }), Error, "stop");
  assertEquals(device.stats().live, live);
  await assertRejects(
    () => offlineAlignment(device, { ...options, pairs: [] }),
    RangeError,
    "prompts is empty",
  );
});
