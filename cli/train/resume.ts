// How a run goes on: the state to the bit, the logs cut to the same moment, and the flags that it began with.
import type { LogMarks } from "../../files/run_logs.ts";
import { runSink } from "../../files/run_sink.ts";
import { type RunStateMeta, unpackRunState } from "../../files/run_state.ts";
import type { Evaluation, RunCheckpoint, Sink } from "../../training/mod.ts";
import {
  type CheckpointMeta,
  findCheckpoint,
  type FoundCheckpoint,
} from "../../files/run_checkpoints.ts";
import { firstDifference, FREE_FIELDS } from "../flags/run_config.ts";
import { UsageError } from "../terminal/mistake.ts";
import { withAbsolutePaths } from "../flags/paths.ts";
import { RESUMED, type RunFolder, type RunIdentity } from "../folder/run_folder.ts";
import type { RunTotals } from "./totals.ts";

/** Where a run goes on. */
export interface ResumePoint {
  /** For `Run.resume`. */
  readonly checkpoint: RunCheckpoint<Evaluation>;
  /** What the logs held. */
  readonly logs: LogMarks;
  /** What was done. */
  readonly totals: RunTotals;
  /** What the run was. */
  readonly identity: RunIdentity;
}

interface Meta extends CheckpointMeta, Omit<RunStateMeta, "counts" | "evaluations"> {
  readonly identity: RunIdentity;
  readonly logs: LogMarks;
  readonly totals: RunTotals;
}

/** What a run's folder takes of a run. */
export interface FolderParts {
  /** Its folder, the logs open; borrowed. */
  readonly folder: RunFolder;
  /** What must stay the same for it to be resumed. */
  readonly identity: RunIdentity;
  /** What was done so far. */
  totals(): RunTotals;
}

/** The sink of a run's folder: its checkpoints say what the run is and what it has done. */
export function folderSink({ folder, identity, totals }: FolderParts): Sink {
  const { temperature, topP, maxNew } = identity.config;
  return runSink({
    dir: folder.dir,
    logs: folder.logs,
    sampling: { temperature, topP, maxNew },
    meta: ({ logs, counts: _counts, evaluations: _evaluations, ...run }): Meta => ({
      ...{ identity, ...run, logs, totals: totals() }, // which has both
    }),
  });
}

/** Where a run goes on, and what is to be said of it. */
export interface LoadedRun {
  /** Absent where it starts again. */
  readonly point?: ResumePoint;
  /** Lines for people. */
  readonly notes: readonly string[];
}

/**
 * Finds where a run goes on, with every byte of it checked.
 *
 * @param dir Owned by this process.
 * @throws {UsageError} As `findCheckpoint`.
 */
export async function loadRun(dir: string): Promise<LoadedRun> {
  const { from, notes } = await findCheckpoint<Meta>(dir, RESUMED);
  return { notes, ...(from ? { point: await pointOf(dir, from) } : {}) };
}

async function pointOf(
  dir: string,
  { meta, arrays, array }: FoundCheckpoint<Meta>,
): Promise<ResumePoint> {
  const { logs, totals, identity } = meta;
  const source = { dir, pairsBytes: logs.pairs.bytes, arrays, array };
  const { pairs, ties, failed, generated, trained, evaluations } = totals;
  const counts = { pairs, ties, failed, generated, trained };
  const checkpoint = await unpackRunState({ ...meta, counts, evaluations }, source);
  return { checkpoint, logs, totals, identity };
}

/** The stored config with the flags that stood beside `--resume`, where they say the same or may change. */
export function resumedConfig<Config extends object>(
  dir: string,
  stored: Config,
  given: Partial<Config>,
): Config {
  const [now, then] = [withAbsolutePaths(given), withAbsolutePaths(stored)];
  const difference = firstDifference(now, then, Object.keys(given));
  if (difference !== undefined) {
    const { flag, found, expected } = difference;
    throw new UsageError({
      verb: "resume",
      thing: dir,
      found: `${flag} is ${found}`,
      expected: `${expected} as when the run began`,
      fix: "Leave it out, or start a new run",
    });
  }
  const free = Object.entries(given).filter(([field]) => FREE_FIELDS.includes(field));
  return { ...stored, ...Object.fromEntries(free) };
}
