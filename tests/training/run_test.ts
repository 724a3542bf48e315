import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { Arena, type Device } from "../../backend/mod.ts";
import { adapterLayout, completionLogps, linearLayers } from "../../core/mod.ts";
import { cadence, type PairRecord, type ReferenceMode } from "../../scheduler/mod.ts";
import { online, type PairSource, replayed, Run, type RunCheckpoint } from "../../training/mod.ts";
import { finish, reread, Steps, wholeRun } from "../support/run_steps.ts";
import { deviceTest } from "../support/devices.ts";
import { adapterFixture, uploadMembers } from "../support/fixtures.ts";
import { alternating, always, letters, type TinyChanges, tinyTask } from "../support/tiny_task.ts";

deviceTest(
  "Run asks for the same prompts and the same number of annotations whatever F is",
  async (device) => {
    const seen: string[][] = [];
    for (const phases of [1, 2, 4]) {
      const annotator = alternating();
      using options = await tinyTask(device, { annotator, cadence: cadence({ steps: 4, phases }) });
      const { records, reports } = await wholeRun(device, options);
      assertEquals([annotator.asked, records.length], [12, 12]);
      assertEquals(reports.map(({ examples }) => examples), [3, 3, 3, 3]);
      assertEquals(new Set(records.map((r) => r.snapshotId)).size, phases);
      for (const { phase, step } of reports) assertEquals(phase, Math.floor(step / (4 / phases)));
      seen.push(records.map((r) => r.prompt));
    }
    assertEquals(seen[1], seen[0]);
    assertEquals(seen[2], seen[0]);
  },
  ["cpu"],
);

deviceTest(
  "Run with one member starts each phase at log-ratio 0 exactly, at loss ln 2",
  async (device) => {
    using options = await tinyTask(device, { members: 1 });
    const { reports, records } = await wholeRun(device, options);
    for (const { step, metrics } of reports) {
      const starts = step % 2 === 0;
      assertEquals(metrics["rewards/margins"] === 0, starts, `step ${step}`);
      assertEquals(metrics["rewards/chosen"] === 0, starts);
      if (starts) assertAlmostEquals(metrics.loss, Math.LN2, 1e-7);
      else assertNotEquals(Math.fround(metrics.loss), Math.fround(Math.LN2));
    }
    for (const r of records) assertEquals(r.referenceId, r.snapshotId);
  },
);

/** Reference log-probs of the second phase under a reference mode, with who gave them. */
async function secondPhase(device: Device, reference: ReferenceMode) {
  using options = await tinyTask(device, { reference });
  using run = Run.start(device, options);
  const steps = new Steps(run);
  await steps.step();
  await steps.step();
  const records = await steps.collect();
  const sequences = records.flatMap(({ promptIds, a, b }) =>
    [a, b].map(({ ids }) => ({ ids: [...promptIds, ...ids], promptLength: promptIds.length }))
  );
  const by = async (adapter = run.behaviour.adapter) =>
    (await completionLogps(device, options.model, sequences, { adapter })).sums;
  return {
    id: records[0].referenceId,
    scores: new Float32Array(records.flatMap(({ a, b }) => [a.referenceLogp, b.referenceLogp])),
    behaviour: await by(),
    bare: (await completionLogps(device, options.model, sequences)).sums,
    reference: await by(run.reference.adapter),
  };
}

deviceTest("Run scores with the reference that was asked for", async (device) => {
  const behaviour = await secondPhase(device, { kind: "behaviour" });
  assertEquals([behaviour.id, behaviour.scores], ["snapshot-2", behaviour.behaviour]);
  assertNotEquals(behaviour.scores, behaviour.bare);
  const sft = await secondPhase(device, { kind: "sft" });
  assertEquals([sft.id, sft.scores], ["sft", sft.bare]);
  const still = await secondPhase(device, { kind: "ema", rate: 0 });
  assertEquals([still.id, still.scores], ["ema-2", still.bare]); // B is still 0 in every member
  const half = await secondPhase(device, { kind: "ema", rate: 0.5 });
  assertEquals(half.scores, half.reference);
  assertNotEquals(half.scores, half.bare);
  assertNotEquals(half.scores, half.behaviour);
  const all = await secondPhase(device, { kind: "ema", rate: 1 });
  all.scores.forEach((x, i) => assertAlmostEquals(x, all.behaviour[i], 1e-4));
}, ["cpu"]);

deviceTest(
  "Run takes a fixed adapter as reference and leaves it to its owner",
  async (device) => {
    using options = await tinyTask(device);
    const { layout, params } = await adapterFixture(options.model, "tiny_llama_lora");
    using arena = new Arena(device, "golden");
    const adapter = uploadMembers(arena, layout, [params]);
    arena.commit();
    const reference = { kind: "fixed", id: "golden", adapter } as const;
    const { records, end } = await wholeRun(device, { ...options, reference });
    for (const r of records) assertEquals(r.referenceId, "golden");
    assertEquals(end.step, 4);
    assertEquals(await arena.read(adapter.params), params);
  },
  ["cpu"],
);

for (const reference of [{ kind: "behaviour" }, { kind: "ema", rate: 0.3 }] as const) {
  deviceTest(
    `Run.resume() of a capture at any event ends as the uninterrupted run does, bit for bit (${reference.kind})`,
    async (device) => {
      using options = await tinyTask(device, { reference });
      const captures: RunCheckpoint[] = [];
      using run = Run.start(device, options);
      const whole = await finish(run, async () => void captures.push(reread(await run.capture())));
      const end = await run.capture();
      assertEquals(captures.length, 15); // 2 × (phase, pairs, checkpoint, step, step, phaseEnd, checkpoint), done
      for (const checkpoint of device.info.kind === "cpu" ? captures : captures.slice(6, 9)) {
        using resumed = Run.resume(device, options, checkpoint);
        assertEquals(resumed.stepsDone, checkpoint.step);
        const rest = await finish(resumed);
        assertEquals(rest.reports, whole.reports.slice(checkpoint.step));
        assertEquals(await resumed.capture(), end);
      }
      assertNotEquals(captures[0].train.params, end.train.params);
    },
  );
}

/** A source that gives what it is told, phase by phase. */
const given = (records: (phase: number) => readonly PairRecord[]): PairSource => ({
  phase: ({ phase }) => Promise.resolve({ records: records(phase), generated: 0 }),
});

deviceTest("Run on a replay trains as the run that recorded the pairs", async (device) => {
  using options = await tinyTask(device);
  const whole = await wholeRun(device, options);
  const again = await wholeRun(device, { ...options, source: replayed(whole.records) });
  assertEquals(again.reports, whole.reports);
  assertEquals(again.end.train, whole.end.train);
}, ["cpu"]);

deviceTest("Run refuses pairs of another phase, of several policies, and none", async (device) => {
  using options = await tinyTask(device);
  const { records } = await wholeRun(device, options);
  const refused = async (list: PairRecord[], message: string) => {
    using run = Run.start(device, { ...options, source: given(() => list) });
    await assertRejects(() => new Steps(run).step(), RangeError, message);
    assertEquals(run.stepsDone, 0);
  };
  await refused([], "there is none, expected pairs of phase 0, steps 0 to 1");
  await refused(records, "one is of phase 1, step 2, expected pairs of phase 0");
  const first = records.filter((r) => r.phase === 0);
  await refused([...first, { ...first[0], snapshotId: "other" }], "one is of other and snapshot-0");
  await refused([...first, { ...first[0], referenceId: "sft" }], "one is of snapshot-0 and sft");
  await refused([...first, { ...first[0], step: 2 }], "one is of phase 0, step 2, expected pairs");
  await refused( // BPO must be held to its own snapshot
    first.map((r) => ({ ...r, referenceId: "sft" })),
    "its snapshot is snapshot-0 and the reference is sft",
  );
}, ["cpu"]);

deviceTest("Run never trains on ties and failures", async (device) => {
  using options = await tinyTask(device, {
    annotator: {
      name: "mixed",
      annotate: (pairs) =>
        Promise.resolve(
          pairs.map((_, i) => ({ outcome: (["tie", "a", "failed"] as const)[i % 3] })),
        ),
    },
  });
  const mixed = await wholeRun(device, options);
  assertEquals(mixed.reports.map(({ examples }) => examples), [1, 1, 1, 1]);
  const won = (phase: number) =>
    mixed.records.filter((r) => r.phase === phase && r.verdict.outcome === "a");
  const alone = await wholeRun(device, { ...options, source: given(won) });
  assertEquals(alone.end.train, mixed.end.train);
}, ["cpu"]);

deviceTest(
  "Run goes through phases with nothing but ties or failures unchanged",
  async (device) => {
    for (const outcome of ["tie", "failed"] as const) {
      using options = await tinyTask(device, { annotator: always({ outcome, reason: "none" }) });
      using run = Run.start(device, options);
      const before = await run.capture();
      const { reports } = await finish(run);
      assertEquals(
        reports.map(({ examples, metrics }) => [examples, metrics]),
        Array(4).fill([0, {}]),
      );
      assertEquals((await run.capture()).train, before.train);
    }
  },
  ["cpu"],
);

for (const reference of [{ kind: "behaviour" }, { kind: "ema", rate: 0.3 }] as const) {
  deviceTest(
    `a phase whose annotator fails can be collected again (${reference.kind})`,
    async (device) => {
      let down = false;
      const sound = alternating();
      const annotator = {
        ...sound,
        annotate: (...args: Parameters<typeof sound.annotate>) =>
          down ? Promise.reject(new Error("judge is down")) : sound.annotate(...args),
      };
      using options = await tinyTask(device, { annotator, reference });
      const whole = await wholeRun(device, options);
      using run = Run.start(device, options);
      const steps = new Steps(run);
      await steps.step();
      await steps.step();
      down = true;
      await assertRejects(() => steps.collect(), Error, "judge is down");
      const signal = AbortSignal.abort(new Error("enough"));
      await assertRejects(() => new Steps(run, signal).collect(), Error, "enough");
      assert(run.phaseDue);
      down = false;
      await finish(run);
      assertEquals(await run.capture(), whole.end);
    },
    ["cpu"],
  );
}

deviceTest("Run says what must come first, and is driven by one at a time", async (device) => {
  using options = await tinyTask(device);
  using run = Run.start(device, options);
  assertThrows(() => run.behaviour, ReferenceError, "no phase has begun");
  const steps = new Steps(run);
  await steps.step();
  await assertRejects(() => finish(run), ReferenceError, "somebody does already");
}, ["cpu"]);

deviceTest(
  "Run.start() refuses an empty list of prompts and sizes that are not whole",
  async (device) => {
    using options = await tinyTask(device);
    const refused = (changes: TinyChanges, message: string) =>
      assertThrows(() => Run.start(device, { ...options, ...changes }), RangeError, message);
    const none = { prompts: [], annotator: letters, maxNew: 4 };
    assertThrows(() => online(none), RangeError, "prompts is empty, expected at least 1");
    refused({ pairsPerStep: 0 }, "pairsPerStep is 0, expected a whole number ≥ 1");
    refused({ members: 1.5 }, "members is 1.5, expected a whole number ≥ 1");
    refused({ rank: 0 }, "rank is 0");
  },
  ["cpu"],
);

deviceTest("Run lends its members: one flat buffer, one row a member", async (device) => {
  using options = await tinyTask(device, { members: 3 });
  using run = Run.start(device, options);
  assertEquals(
    run.layout,
    adapterLayout(linearLayers(options.model.config), { rank: 2, alpha: 4 }),
  );
  assertEquals(run.members().params.shape, [3, run.layout.size]);
  using snapshot = run.snapshotNow("now");
  assertEquals([snapshot.id, snapshot.adapter().layout.rank], ["now", 6]);
}, ["cpu"]);
