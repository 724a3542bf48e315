// Checkpoints of a run and how one goes on: the state to the bit, the logs cut to the same moment, and a refusal that
// names the field where anything differs that the result depends on.
import {
  checkpointDir,
  type JsonValue,
  latestCheckpoint,
  loadCheckpoint,
  pruneCheckpoints,
  readJsonl,
  saveCheckpoint,
  settleFolders,
} from "../core/io/mod.ts";
import type { Alignment, AlignmentCheckpoint, PairRecord } from "../scheduler/mod.ts";
import { firstDifference, FREE_FIELDS, UsageError } from "./flags.ts";
import { withAbsolutePaths } from "./paths.ts";
import {
  FILES,
  type Identity,
  type LogOffsets,
  type RunFolder,
  type RunIdentity,
} from "./run_folder.ts";
import type { RunTotals } from "./totals.ts";

/** Where a run goes on. */
export interface ResumePoint {
  /** For `Alignment.resume`. */
  readonly checkpoint: AlignmentCheckpoint;
  /** Where the logs were. */
  readonly offsets: LogOffsets;
  /** What was done. */
  readonly totals: RunTotals;
}

interface Meta {
  readonly identity: RunIdentity;
  readonly step: number;
  readonly updates: number;
  readonly snapshotId: string | null;
  readonly recordsPhase: number | null;
  readonly offsets: LogOffsets;
  readonly totals: RunTotals;
}

const KEPT = 2;

/** Saves where the run is; the two newest checkpoints stay. */
export async function saveRun(
  folder: RunFolder,
  identity: RunIdentity,
  run: Alignment,
  totals: RunTotals,
): Promise<void> {
  const offsets = await folder.sync();
  const { step, updates, train, snapshot, ema, records } = await run.capture();
  const meta: Meta = {
    identity,
    step,
    updates,
    snapshotId: snapshot?.id ?? null,
    recordsPhase: records[0]?.phase ?? null,
    offsets,
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

/** Saves a checkpoint in a run's folder; the two newest stay. */
export async function keepCheckpoint(
  dir: string,
  step: number,
  arrays: ReadonlyMap<string, Float32Array>,
  meta: { readonly identity: Identity },
): Promise<void> {
  const root = `${dir}/${FILES.checkpoints}`;
  await saveCheckpoint(checkpointDir(root, step), {
    arrays: new Map(arrays),
    meta: meta as unknown as JsonValue,
  });
  await pruneCheckpoints(root, KEPT);
}

/** A checkpoint that is there. */
export interface FoundCheckpoint<Meta> {
  /** What it says beside arrays. */
  readonly meta: Meta;
  /** Its arrays by name. */
  readonly arrays: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
  /** One of them; throws TypeError where it is missing. */
  array(name: string): Float32Array<ArrayBuffer>;
}

/**
 * Finds the newest whole checkpoint of a run's folder; undefined where the run died before its first.
 *
 * @typeParam Meta What the checkpoints of this kind of run say.
 * @throws {UsageError} If the checkpoint is of another run than `identity` says.
 */
export async function findCheckpoint<Meta extends { readonly identity: Identity }>(
  dir: string,
  identity: Identity,
): Promise<FoundCheckpoint<Meta> | undefined> {
  const root = `${dir}/${FILES.checkpoints}`;
  await settleFolders(root);
  const latest = await latestCheckpoint(root);
  if (latest === undefined) return undefined;
  const loaded = await loadCheckpoint(latest.dir).catch((error: Error) => {
    throw new UsageError(
      `${error.message}. Remove ${latest.dir} to go on from the checkpoint before it`,
      { cause: error },
    );
  });
  const meta = loaded.meta as unknown as Meta;
  requireSameRun(dir, identity, meta.identity, "its checkpoint");
  const arrays = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [name, array] of loaded.arrays) {
    if (array instanceof Float32Array) arrays.set(name, array);
  }
  return {
    meta,
    arrays,
    array(name) {
      const found = arrays.get(name);
      if (found !== undefined) return found;
      throw new TypeError(`Cannot resume ${dir}: array ${name} is missing in ${latest.dir}`);
    },
  };
}

/**
 * Finds the newest whole checkpoint; undefined where the run died before its first, and so starts again.
 *
 * @throws {UsageError} If the checkpoint is of another run than `identity` says.
 */
export async function loadRun(
  dir: string,
  identity: RunIdentity,
): Promise<ResumePoint | undefined> {
  const found = await findCheckpoint<Meta>(dir, identity);
  if (found === undefined) return undefined;
  const { meta, arrays, array } = found;
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
        : await readPhase(`${dir}/${FILES.pairs}`, meta.offsets.pairs, meta.recordsPhase),
    },
    offsets: meta.offsets,
    totals: meta.totals,
  };
}

/** Records of one phase among the first `bytes` of pairs.jsonl. */
async function readPhase(path: string, bytes: number, phase: number): Promise<PairRecord[]> {
  const { size } = await Deno.stat(path);
  if (size < bytes) {
    throw new TypeError(
      `Cannot read ${path}: it is ${size} bytes long, expected at least ${bytes}. Lines that were there are gone`,
    );
  }
  const lines = await readJsonl(path) as (PairRecord & { sampling?: unknown })[];
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
    throw new UsageError(
      `Cannot resume ${dir}: ${flag} is ${found}, expected ${expected} as when the run began. ` +
        `Leave it out, or start a new run`,
    );
  }
  const free = Object.entries(given).filter(([field]) => FREE_FIELDS.includes(field));
  return { ...stored, ...Object.fromEntries(free) };
}

/**
 * Refuses to go on where something differs that the result depends on.
 *
 * @param whose What holds `stored`: "config.json", "its checkpoint".
 * @throws {UsageError} Names the field.
 */
export function requireSameRun(
  dir: string,
  now: Identity,
  stored: Identity,
  whose: string,
): void {
  const fields = [...new Set([...Object.keys(stored.config), ...Object.keys(now.config)])];
  const flag = firstDifference(now.config, stored.config, fields);
  if (flag !== undefined) {
    throw new UsageError(
      `Cannot resume ${dir}: ${flag.flag} is ${flag.found}, expected ${flag.expected} as ${whose} says`,
    );
  }
  const names = {
    kernelPath: "the kernel path",
    model: "the model's fingerprint",
    prompts: "the prompts' fingerprint",
    rows: "the rows' fingerprint",
    referenceAdapter: "the reference adapter's fingerprint",
    replayedPairs: "the replayed pairs' fingerprint",
    startAdapter: "the start adapter's fingerprint",
    rule: "the rule's fingerprint",
  };
  for (const [field, name] of Object.entries(names)) {
    const [found, expected] = [now, stored].map((one) => one[field as keyof Identity]);
    if (found === expected) continue;
    throw new UsageError(
      `Cannot resume ${dir}: ${name} is ${found}, expected ${expected} as ${whose} says`,
    );
  }
}
