// A run's folder as a sink: rows in the logs of their streams, states as checkpoints with what the logs held.
import type { Sink } from "../training/mod.ts";
import { checkpointDir, type JsonValue, pruneCheckpoints, saveCheckpoint } from "./checkpoint.ts";
import type { LogMarks, RunLogs } from "./run_logs.ts";
import { packRunState, type RunStateMeta } from "./run_state.ts";

/** What a run folder's sink writes to, and what it adds. */
export interface RunSinkOptions {
  /** The folder, owned by the caller. */
  readonly dir: string;
  /** Its logs, open; borrowed. */
  readonly logs: RunLogs;
  /** What every row of `pairs` says besides: how its answers were drawn. Called `sampling` there. */
  readonly sampling?: object;
  /** What a checkpoint says beside its arrays; default what the run and the logs are. */
  readonly meta?: (run: RunStateMeta & { readonly logs: LogMarks }) => object;
}

/** Checkpoints that stay. */
const KEPT = 2;

/** Where the checkpoints of a folder are. */
export function checkpointsDir(dir: string): string {
  return `${dir}/checkpoints`;
}

/** Saves a checkpoint in a run's folder; the two newest stay. */
export async function keepCheckpoint(
  dir: string,
  step: number,
  arrays: ReadonlyMap<string, Float32Array>,
  meta: object,
): Promise<void> {
  const root = checkpointsDir(dir);
  await saveCheckpoint(checkpointDir(root, step), {
    arrays: new Map(arrays),
    meta: meta as JsonValue,
  });
  await pruneCheckpoints(root, KEPT);
}

/** A run folder's sink: a row is in its log when `append` returns, and durable when the next checkpoint is. */
export function runSink({ dir, logs, sampling, meta = (run) => run }: RunSinkOptions): Sink {
  return {
    append(stream, row) {
      const isPair = stream === "pairs" && sampling !== undefined;
      logs.of(stream).append(isPair ? { ...row, sampling } : row);
    },
    async checkpoint(state) {
      const marks = await logs.sync();
      const { arrays, meta: run } = packRunState(state);
      await keepCheckpoint(dir, run.step, arrays, meta({ ...run, logs: marks }));
    },
  };
}
