// How a run goes on: the state to the bit, the logs cut to the same moment, and the flags that it began with.
import { readJsonl } from "../../files/mod.ts";
import type { PairRecord } from "../../scheduler/mod.ts";
import type { Alignment, AlignmentCheckpoint } from "../../training/mod.ts";
import {
  type CheckpointMeta,
  findCheckpoint,
  type FoundCheckpoint,
  keepCheckpoint,
} from "../folder/checkpoints.ts";
import { firstDifference, FREE_FIELDS } from "../flags/run_config.ts";
import { UsageError } from "../terminal/mistake.ts";
import { withAbsolutePaths } from "../flags/paths.ts";
import { FILES, type LogMarks, type RunFolder, type RunIdentity } from "../folder/run_folder.ts";
import type { RunTotals } from "./totals.ts";

/** Where a run goes on. */
export interface ResumePoint {
  /** For `Alignment.resume`. */
  readonly checkpoint: AlignmentCheckpoint;
  /** What the logs held. */
  readonly logs: LogMarks;
  /** What was done. */
  readonly totals: RunTotals;
  /** What the run was. */
  readonly identity: RunIdentity;
}

interface Meta extends CheckpointMeta {
  readonly identity: RunIdentity;
  readonly step: number;
  readonly updates: number;
  readonly snapshotId: string | null;
  readonly recordsPhase: number | null;
  readonly logs: LogMarks;
  readonly totals: RunTotals;
}

/** Saves where the run is; the two newest checkpoints stay. */
export async function saveRun(
  folder: RunFolder,
  identity: RunIdentity,
  run: Alignment,
  totals: RunTotals,
): Promise<void> {
  const logs = await folder.sync();
  const { step, updates, train, snapshot, ema, records } = await run.capture();
  const meta: Meta = {
    identity,
    step,
    updates,
    snapshotId: snapshot?.id ?? null,
    recordsPhase: records[0]?.phase ?? null,
    logs,
    totals,
  };
  const arrays = new Map([
    ["params", train.params],
    ["m", train.m],
    ["v", train.v],
    ...(snapshot ? [["snapshot", snapshot.params] as const] : []),
    ...(ema ? [["ema", ema] as const] : []),
  ]);
  await keepCheckpoint(folder.dir, step, arrays, meta);
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
  const { from, notes } = await findCheckpoint<Meta>(dir);
  return { notes, ...(from ? { point: await pointOf(dir, from) } : {}) };
}

async function pointOf(
  dir: string,
  { meta, arrays, array }: FoundCheckpoint<Meta>,
): Promise<ResumePoint> {
  return {
    checkpoint: {
      step: meta.step,
      updates: meta.updates,
      train: { params: array("params"), m: array("m"), v: array("v") },
      ...(meta.snapshotId === null
        ? {}
        : { snapshot: { id: meta.snapshotId, params: array("snapshot") } }),
      ...(arrays.has("ema") ? { ema: array("ema") } : {}),
      records: meta.recordsPhase === null
        ? []
        : await readPhase(`${dir}/${FILES.pairs}`, meta.logs.pairs.bytes, meta.recordsPhase),
    },
    logs: meta.logs,
    totals: meta.totals,
    identity: meta.identity,
  };
}

/** Records of one phase among the first `bytes` of pairs.jsonl. */
async function readPhase(path: string, bytes: number, phase: number): Promise<PairRecord[]> {
  const lines = await readJsonl(path, { bytes }) as (PairRecord & { sampling?: unknown })[];
  const records = lines.filter((record) => record.phase === phase);
  return records.map(({ sampling: _sampling, ...record }) => record);
}

/** The stored config with the flags that stood beside `--resume`, where they say the same or may change. */
export function resumedConfig<Config extends Parameters<typeof withAbsolutePaths>[0]>(
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
