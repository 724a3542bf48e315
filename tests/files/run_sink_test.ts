import { assertEquals } from "@std/assert";
import { checkpointDir, listCheckpoints, loadCheckpoint, readJsonl } from "../../files/mod.ts";
import { logPath, RunLogs } from "../../files/run_logs.ts";
import { checkpointsDir, runSink } from "../../files/run_sink.ts";

const state = (step: number) => ({
  ...{ step, updates: step, records: [] },
  train: { params: Float32Array.of(step), m: Float32Array.of(0), v: Float32Array.of(0) },
});

Deno.test("runSink() puts rows into logs, and keeps the two newest states with what the logs held", async () => {
  const dir = await Deno.makeTempDir();
  using logs = await RunLogs.open(dir);
  const sink = runSink({
    dir,
    logs,
    sampling: { topP: 1 },
    meta: (run) => ({ who: "me", ...run }),
  });
  await sink.append("metrics", { step: 1, loss: NaN });
  await sink.append("pairs", { phase: 0 });
  await sink.checkpoint!(state(1));
  await sink.append("metrics", { step: 2 });
  await sink.checkpoint!(state(2));
  await sink.checkpoint!(state(3));
  assertEquals(await readJsonl(logPath(dir, "metrics")), [{ step: 1, loss: NaN }, { step: 2 }]);
  assertEquals(await readJsonl(logPath(dir, "pairs")), [{ phase: 0, sampling: { topP: 1 } }]);
  const root = checkpointsDir(dir);
  assertEquals((await listCheckpoints(root)).map(({ step }) => step), [2, 3]);
  const { arrays, meta } = await loadCheckpoint(checkpointDir(root, 3));
  assertEquals(arrays.get("params"), Float32Array.of(3));
  assertEquals(meta, {
    ...{ who: "me", step: 3, updates: 3, snapshotId: null, recordsPhase: null },
    logs: JSON.parse(JSON.stringify(await logs.sync())),
  });
  await Deno.remove(dir, { recursive: true });
});

Deno.test("runSink() without more has the rows as they are, and says what a run needs to go on", async () => {
  const dir = await Deno.makeTempDir();
  using logs = await RunLogs.open(dir);
  const sink = runSink({ dir, logs });
  await sink.append("pairs", { phase: 0 });
  await sink.checkpoint!(state(4));
  assertEquals(await readJsonl(logPath(dir, "pairs")), [{ phase: 0 }]);
  const { meta } = await loadCheckpoint(checkpointDir(checkpointsDir(dir), 4));
  assertEquals(Object.keys(meta as object), [
    "step",
    "updates",
    "snapshotId",
    "recordsPhase",
    "logs",
  ]);
  await Deno.remove(dir, { recursive: true });
});
