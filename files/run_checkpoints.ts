// The checkpoints of a run's folder: kept, found again with the logs that belong to them, and never taken for whole
// where a byte is missing or another.
import { Mistake } from "../core/base/mistake.ts";
import { listCheckpoints, loadCheckpoint } from "./checkpoint.ts";
import { removeFolderDurably, settleFolders } from "./durable/file.ts";
import { fitOf, type LogMark } from "./jsonl.ts";
import { checkpointsDir } from "./run_sink.ts";

/** What every checkpoint says beside its arrays. */
export interface CheckpointMeta {
  /** What the logs held then: `metrics` is the log `metrics.jsonl`. */
  readonly logs: Readonly<Record<string, LogMark>>;
}

/** A checkpoint that is there. */
export interface FoundCheckpoint<Meta> {
  /** Steps that were done. */
  readonly step: number;
  /** What it says beside arrays. */
  readonly meta: Meta;
  /** Its arrays by name. */
  readonly arrays: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
  /** One of them; throws TypeError where it is missing. */
  array(name: string): Float32Array<ArrayBuffer>;
}

/** How checkpoints are looked at. */
export interface FindOptions {
  /** Objects that each must have beside its arrays; default the logs. */
  readonly fields?: readonly string[];
  /** What an error of the system is to a user, in words; default the error as it is. */
  readonly explain?: (error: unknown) => Mistake | undefined;
}

/** What a run's folder has to go on from. */
export interface Found<Meta> {
  /** The newest checkpoint whose logs are whole; absent where there is none, so that the run starts again. */
  readonly from?: FoundCheckpoint<Meta>;
  /** Why it is not the newest of all, for people; a line each. */
  readonly notes: readonly string[];
}

/**
 * Finds where a run goes on, and checks every byte that it goes on from: the checkpoint against its manifest, the logs
 * against the checkpoint. A log that lost its end leads to the checkpoint before, or to the start: the same bits, later.
 *
 * @typeParam Meta What the checkpoints of this kind of run say.
 * @param dir Owned by this process.
 * @throws {Mistake} If a checkpoint is damaged, or a log has other bytes than were written; names the file.
 */
export async function findCheckpoint<Meta extends CheckpointMeta>(
  dir: string,
  options: FindOptions = {},
): Promise<Found<Meta>> {
  const root = checkpointsDir(dir);
  await refuseLink(dir, root);
  await settleFolders(root);
  const notes: string[] = [];
  for (const { step, dir: at } of (await listCheckpoints(root)).reverse()) {
    const found = await load<Meta>(dir, at, step, options);
    const short = await shortLog(dir, found.meta, step);
    if (short === undefined) return { from: found, notes };
    notes.push(short);
  }
  const from = "Starting from step 0; the result is the same";
  if (notes.length > 0) return { notes: [...notes, from] };
  const begun = await Deno.stat(`${dir}/metrics.jsonl`).catch(() => undefined);
  return { notes: begun?.size ? [`${root} has no checkpoint. ${from}`] : [] };
}

/** The first log that ends before the checkpoint's mark, as a line; undefined where all are whole. */
async function shortLog(
  dir: string,
  { logs }: CheckpointMeta,
  step: number,
): Promise<string | undefined> {
  for (const [name, mark] of Object.entries(logs)) {
    const path = `${dir}/${name}.jsonl`;
    const fit = await fitOf(path, mark);
    if (fit === "short") {
      return `${path} has lost its end: the checkpoint of step ${step} needs its first ${mark.bytes} bytes`;
    }
    if (fit === "changed") {
      throw new Mistake("usage", {
        verb: "resume",
        thing: dir,
        found: `${path} was changed since it was written`,
        expected: `the ${mark.bytes} bytes that the checkpoint of step ${step} knows`,
        fix: `Bring the file back, or remove ${checkpointsDir(dir)} to start from step 0`,
      });
    }
  }
  return undefined;
}

async function load<Meta extends CheckpointMeta>(
  dir: string,
  at: string,
  step: number,
  { fields = ["logs"], explain }: FindOptions = {},
): Promise<FoundCheckpoint<Meta>> {
  const loaded = await loadCheckpoint(at).catch((error: unknown) => {
    const mistake = error instanceof Mistake ? error : explain?.(error);
    if (mistake === undefined) throw error;
    const other = `Remove ${at} to go on from the checkpoint before it: the result is the same`;
    const fix = mistake.fix === undefined ? other : `${mistake.fix}. ${other}`;
    throw new Mistake("usage", mistake.partsWith({ fix }), { cause: error });
  });
  const meta = loaded.meta as unknown as Meta;
  const parts = meta as unknown as Readonly<Record<string, unknown>>;
  if (fields.some((field) => typeof parts?.[field] !== "object")) {
    throw new Mistake("usage", {
      verb: "resume",
      thing: dir,
      found: `${at} does not say what the logs held`,
      expected: "a checkpoint of this version of Leash",
      fix: "Go on with the version that wrote it, or start anew",
    });
  }
  const arrays = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [name, array] of loaded.arrays) {
    if (array instanceof Float32Array) arrays.set(name, array);
  }
  return {
    step,
    meta,
    arrays,
    array(name) {
      const found = arrays.get(name);
      if (found !== undefined) return found;
      throw new Mistake("usage", {
        verb: "resume",
        thing: dir,
        found: `array ${name} is missing in ${at}`,
      });
    },
  };
}

/**
 * Refuses a log of another run whose bytes are not those that its newest checkpoint knows.
 *
 * @throws {Mistake} Names the log.
 */
export async function requireWholeLog(
  dir: string,
  name: string,
  verb: string,
): Promise<void> {
  const newest = (await listCheckpoints(checkpointsDir(dir))).at(-1);
  const mark = newest && (await load(dir, newest.dir, newest.step)).meta.logs[name];
  const path = `${dir}/${name}.jsonl`;
  const fit = mark === undefined ? "fits" : await fitOf(path, mark);
  if (fit === "fits") return;
  const found = fit === "short" ? "has lost its end" : "was changed since it was written";
  throw new Mistake("usage", {
    verb,
    thing: dir,
    found: `${path} ${found}`,
    expected: `the ${mark!.bytes} bytes that its newest checkpoint knows`,
  });
}

/** Removes the checkpoints after the one that a run goes on from: their logs are about to be cut. */
export async function dropLater(dir: string, step: number | undefined): Promise<void> {
  for (const { step: later, dir: at } of await listCheckpoints(checkpointsDir(dir))) {
    if (step === undefined || later > step) await removeFolderDurably(at);
  }
}

async function refuseLink(dir: string, root: string): Promise<void> {
  const info = await Deno.lstat(root).catch(() => undefined);
  if (info === undefined || info.isDirectory) return;
  throw new Mistake("usage", {
    verb: "resume",
    thing: dir,
    found: `${root} is a link or a file`,
    expected: "the folder of its checkpoints",
  });
}
