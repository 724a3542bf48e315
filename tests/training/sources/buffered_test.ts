import { assertEquals, assertThrows } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { keyOf } from "../../../core/mod.ts";
import { cadence, type PairRecord } from "../../../scheduler/mod.ts";
import {
  buffered,
  online,
  type PairSource,
  type PhaseRequest,
  Run,
} from "../../../training/mod.ts";
import { finish, reread, wholeRun } from "../../support/run_steps.ts";
import { alternating, tinyTask } from "../../support/tiny_task.ts";

const source = () => online({ prompts: ["ab", "Hello", "x"], annotator: alternating(), maxNew: 4 });

Deno.test("buffered() mixes pairs of the last phases in, each held to the snapshot that wrote it", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using options = await tinyTask(device, {
    ...{ cadence: cadence({ steps: 6, phases: 3 }), pairsPerStep: 4 },
    source: buffered(source(), { phases: 1, share: 0.5 }),
  });
  const { records, reports, end } = await wholeRun(device, options);
  assertEquals(reports.map(({ examples }) => examples), [2, 2, 4, 4, 4, 4]); // the first phase remembers nothing
  const old = records.filter(({ replayedFrom }) => replayedFrom !== undefined);
  assertEquals(old.map(({ phase, replayedFrom }) => [phase, replayedFrom]), [
    ...Array(4).fill([1, 0]),
    ...Array(4).fill([2, 1]), // no older than one phase
  ]);
  for (const { snapshotId, referenceId, replayedFrom } of old) {
    assertEquals([snapshotId, referenceId], Array(2).fill(`snapshot-${2 * replayedFrom!}`));
  }
  const drawn = old.filter(({ phase }) => phase === 1).map(({ promptIds, a }) =>
    `${promptIds} ${a.ids}`
  );
  assertEquals(new Set(drawn).size, 4, "all are drawn before one comes again");
  assertEquals(end.earlier?.length, 1, "what nobody asks for again is forgotten");
  // What is remembered is in the checkpoint: a run that goes on ends with the same bits.
  using run = Run.start(device, {
    ...options,
    source: buffered(source(), { phases: 1, share: 0.5 }),
  });
  const states: Awaited<ReturnType<typeof run.capture>>[] = [];
  await finish(run, async ({ kind }) => {
    if (kind === "phaseEnd") states.push(reread(await run.capture()));
  });
  using resumed = Run.resume(device, {
    ...options,
    source: buffered(source(), { phases: 1, share: 0.5 }),
  }, states[1]);
  await finish(resumed);
  assertEquals((await resumed.capture()).train, end.train);
});

Deno.test("buffered() counts epochs by the new pairs, and refuses shares that are none", () => {
  const mixed = buffered(source(), { phases: 3, share: 0.25 });
  assertEquals([mixed.keeps, mixed.newPairs?.(16), mixed.newPairs?.(3), mixed.entries], [
    3,
    12,
    3,
    3,
  ]);
  for (const share of [0, 1, NaN]) {
    assertThrows(() => buffered(source(), { phases: 1, share }), RangeError, `share is ${share}`);
  }
  assertThrows(() => buffered(source(), { phases: 0, share: 0.5 }), RangeError, "phases is 0");
});

Deno.test("buffered() remembers no more phases than it says, whatever the source in it wants to see", async () => {
  const none = { text: "", ids: [3], finish: "length" as const, logps: [-1], referenceLogp: -1 };
  const of = (phase: number): PairRecord => ({
    ...{ phase, step: phase, prompt: "x", promptIds: [1], a: none, b: none },
    ...{ verdict: { outcome: "a" }, snapshotId: `s-${phase}`, referenceId: `s-${phase}` },
  });
  const fresh: PairSource = {
    keeps: 3,
    phase: ({ phase }) => Promise.resolve({ records: [of(phase)], generated: 1 }),
  };
  const mixed = buffered(fresh, { phases: 1, share: 0.5 });
  assertEquals(mixed.keeps, 3);
  const { records } = await mixed.phase({
    ...{ phase: 2, cadence: cadence({ steps: 3, phases: 3 }), pairsPerStep: 4, key: keyOf(1) },
    ...{ mode: "behaviour", earlier: [[of(0)], [of(1)]] },
  } as unknown as PhaseRequest);
  assertEquals(records.map(({ replayedFrom }) => replayedFrom), [undefined, 1, 1]);
});
