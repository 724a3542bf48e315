import { assertEquals } from "@std/assert";
import type { PairRecord } from "../../scheduler/mod.ts";
import type { RunCheckpoint } from "../../training/mod.ts";
import { logPath, RunLogs } from "../../files/run_logs.ts";
import { packRunState, unpackRunState } from "../../files/run_state.ts";

const record = (phase: number, prompt: string): PairRecord => ({
  ...{ phase, step: phase, prompt, promptIds: [1] },
  a: { text: "a", ids: [2], finish: "stop", logps: [-1], referenceLogp: -1 },
  b: { text: "b", ids: [3], finish: "length", logps: [-2], referenceLogp: -2 },
  ...{ verdict: { outcome: "a" }, snapshotId: "s", referenceId: "s" },
});
const numbers = (from: number) => Float32Array.of(from, from + 0.5);
const START: RunCheckpoint = {
  ...{ step: 0, updates: 0, records: [] },
  train: { params: numbers(1), m: numbers(2), v: numbers(3) },
};
const WITHIN: RunCheckpoint = {
  ...{ ...START, step: 7, updates: 5, ema: numbers(5), records: [record(1, "x"), record(1, "y")] },
  snapshot: { id: "snapshot-4", params: numbers(4) },
};

Deno.test("unpackRunState() has what packRunState() was given, its records from the log of pairs", async () => {
  const dir = await Deno.makeTempDir();
  using logs = await RunLogs.open(dir);
  const pairs = logs.of("pairs");
  for (const one of [record(0, "w"), ...WITHIN.records]) {
    pairs.append({ ...one, sampling: { topP: 1 } });
  }
  const pairsBytes = pairs.offset;
  pairs.append(record(1, "after the checkpoint"));
  for (const state of [START, WITHIN]) {
    const { arrays, meta } = packRunState(state);
    const found = await unpackRunState(JSON.parse(JSON.stringify(meta)), {
      ...{ dir, pairsBytes, arrays },
      array: (name) => arrays.get(name)!,
    });
    assertEquals(found, state);
  }
  assertEquals(logPath(dir, "pairs"), `${dir}/pairs.jsonl`);
  await Deno.remove(dir, { recursive: true });
});
