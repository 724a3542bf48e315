import { dataPairs as pairs } from "../../support/data_pairs.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  adapterLayout,
  completionLogps,
  keyOf,
  linearLayers,
  type Model,
} from "../../../core/mod.ts";
import { dpo } from "../../../losses/mod.ts";
import { cadence } from "../../../scheduler/mod.ts";
import type { Device } from "../../../backend/mod.ts";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { offline, pairRanker, type PhaseRequest, Run } from "../../../training/mod.ts";
import { modelFixture } from "../../support/fixtures.ts";
import { finish } from "../../support/run_steps.ts";
import { charTokenizer } from "../../support/tiny_task.ts";

/** What a run would ask for its one phase of four steps. */
function requestOf(
  device: Device,
  model: Model,
  { pairsPerStep, key }: Pick<PhaseRequest, "pairsPerStep" | "key">,
): PhaseRequest {
  const bare = { id: "sft" };
  const members = { layout: adapterLayout(linearLayers(model.config), { rank: 1, alpha: 1 }) };
  return {
    ...{ device, model, tokenizer: charTokenizer, phase: 0, pairsPerStep, key, earlier: [] },
    ...{ cadence: cadence({ steps: 4, phases: 1 }), behaviour: bare, reference: bare, mode: "sft" },
    members: members as PhaseRequest["members"], // nobody asks them
  };
}

Deno.test("offline() visits each pair once an epoch, scored by the reference", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const { records, generated } = await offline(pairs).phase(
    requestOf(device, model, { pairsPerStep: 3, key: keyOf(3) }),
  );
  assertEquals(generated, 0);
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

Deno.test("a run on offline() learns the pairs by the losses of whole batches, and again the same", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const options = {
    ...{ model, tokenizer: charTokenizer, loss: dpo({ beta: 0.1 }), learningRate: 5e-2 },
    ...{ source: offline(pairs), pairsPerStep: 5, seed: 7 },
    cadence: cadence({ steps: 4, phases: 1 }),
  };
  const losses = async () => {
    using run = Run.start(device, options);
    const { reports, records } = await finish(run);
    assertEquals(reports.map(({ examples }) => examples), [5, 5, 5, 5]);
    const ranked = await pairRanker(device, model, pairs)(run.members());
    return { losses: reports.map(({ metrics }) => metrics.loss), ranked, records };
  };
  const first = await losses();
  assertAlmostEquals(first.losses[0], Math.LN2, 1e-6); // the learner begins as the reference
  assert(first.losses[3] < first.losses[0] - 0.05, `${first.losses}`);
  assertEquals(first.ranked, pairs.map(() => "a"));
  assertEquals(await losses(), first);
  const direct = await offline(pairs).phase(
    requestOf(device, model, { pairsPerStep: 5, key: keyOf(7) }),
  );
  assertEquals(first.records, direct.records);
});

Deno.test("a run on offline() is one epoch by default, hears an abort, and refuses no pairs", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const options = {
    ...{ model, tokenizer: charTokenizer, loss: dpo({ beta: 0.1 }), learningRate: 1e-3 },
    ...{ source: offline(pairs), pairsPerStep: 2 },
  };
  const { live } = device.stats();
  {
    using run = Run.start(device, options);
    assertEquals([run.options.cadence.steps, run.layout.rank], [3, 8]);
    assertEquals(run.reference, { id: "sft" });
    const signal = AbortSignal.abort(new Error("stop"));
    await assertRejects(() => run.finish({ signal }), Error, "stop");
  }
  assertEquals(device.stats().live, live);
  assertThrows(() => offline([]), RangeError, "pairs is empty, expected at least 1");
});
