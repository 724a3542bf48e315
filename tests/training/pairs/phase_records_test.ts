import { assertEquals, assertThrows } from "@std/assert";
import { cadence, type PairRecord } from "../../../scheduler/mod.ts";
import { batchIds, checkRecords } from "../../../training/pairs/phase_records.ts";

const answer = { text: "", ids: [4], finish: "stop" as const, logps: [-1], referenceLogp: -1 };
const record = (changes: Partial<PairRecord> = {}): PairRecord => ({
  ...{ phase: 1, step: 2, prompt: "p", promptIds: [1], a: answer, b: answer },
  ...{ verdict: { outcome: "a" }, snapshotId: "s", referenceId: "s", ...changes },
});
const two = cadence({ steps: 4, phases: 2 });

Deno.test("checkRecords() takes pairs of one policy, and older ones that a buffer brought back", () => {
  const old = record({ snapshotId: "older", referenceId: "older", replayedFrom: 0 });
  checkRecords([old, record(), record({ step: 3 })], 1, two);
  const refused = (records: PairRecord[], message: string) =>
    assertThrows(() => checkRecords(records, 1, two), RangeError, message);
  refused([], "there is none, expected pairs of phase 1, steps 2 to 3");
  refused([record({ step: 4 })], "one is of phase 1, step 4");
  refused([record({ phase: 0 })], "one is of phase 0, step 2");
  refused([old, record(), record({ referenceId: "t" })], "one is of s and t, expected one policy");
});

Deno.test("batchIds() names all policies, or that of the pair that is held to another than its own", () => {
  const records = [record(), record({ snapshotId: "t", referenceId: "t" })];
  const ids = { snapshotId: "s, t", referenceId: "s, t", requireSame: true };
  assertEquals(batchIds(records, true), ids);
  const wrong = record({ snapshotId: "u" });
  assertEquals(batchIds([...records, wrong], true), {
    ...{ snapshotId: "u", referenceId: "s", requireSame: true },
  });
  assertEquals(batchIds([wrong], false).requireSame, false);
});
