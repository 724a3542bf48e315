// The folder of `leash sft`: config.json, metrics.jsonl, checkpoints/ while it runs, and at the end the result and
// summary.json. One process owns it at a time.
import { type JsonlAppender, openJsonl } from "../core/io/mod.ts";
import { removeFolderDurably } from "../core/io/durable.ts";
import { findCheckpoint, type FoundCheckpoint, keepCheckpoint } from "./resume.ts";
import {
  FILES,
  FORMATS,
  isThere,
  ownFolder,
  requireNoRun,
  writeIdentity,
  writeJson,
} from "./run_folder.ts";
import type { SftIdentity } from "./sft_flags.ts";
import type { SftResult } from "./sft_run.ts";

/** What a run took, all processes that worked on it together. */
export interface SftSpent {
  /** Wall clock, seconds. */
  readonly seconds: number;
  /** Most bytes on the device at once. */
  readonly bytesPeak: number;
}

/** What a checkpoint says beside its arrays. */
interface Meta {
  readonly identity: SftIdentity;
  readonly done: SftResult;
  readonly spent: SftSpent;
  /** Length of metrics.jsonl, bytes. */
  readonly metrics: number;
}

/** An owned folder. Disposing it closes the log and gives the folder back. */
export interface SftFolder extends Disposable {
  /** metrics.jsonl, cut to where the run goes on. */
  readonly metrics: JsonlAppender;
  /** Where the run goes on; absent at a start, and where it died before its first checkpoint. */
  readonly from?: FoundCheckpoint<Meta>;
  /** Writes a checkpoint, with the log made durable up to here. */
  save(
    arrays: ReadonlyMap<string, Float32Array>,
    done: SftResult,
    spent: SftSpent,
  ): Promise<void>;
  /** Writes summary.json, whose presence says that the run is whole; no checkpoint is needed from then on. */
  finish(summary: object): Promise<void>;
}

/**
 * Takes the folder of a run.
 *
 * @param stored What it says of itself, of a run that goes on.
 * @param about What config.json says for readers.
 * @throws {UsageError} If a new run's folder holds something, or the checkpoint is another run's.
 * @throws {Error} If another process owns it.
 */
export async function openSftFolder(
  dir: string,
  identity: SftIdentity,
  stored: SftIdentity | undefined,
  about: Readonly<Record<string, unknown>>,
): Promise<SftFolder> {
  using stack = new DisposableStack();
  stack.use(await ownFolder(dir));
  if (stored === undefined) {
    await requireNoRun(dir);
    await writeIdentity(dir, identity, about, FORMATS.sft);
  }
  const from = stored && await findCheckpoint<Meta>(dir, identity);
  const metrics = stack.use(
    await openJsonl(`${dir}/${FILES.metrics}`, { truncateTo: from?.meta.metrics ?? 0 }),
  );
  const owned = stack.move();
  return {
    metrics,
    from,
    async save(arrays, done, spent) {
      await metrics.sync();
      const meta: Meta = { identity, done, spent, metrics: metrics.offset };
      await keepCheckpoint(dir, done.steps, arrays, meta);
    },
    async finish(summary) {
      await metrics.sync();
      await writeJson(`${dir}/${FILES.summary}`, summary);
      await removeCheckpoints(dir);
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** Ends what a process was killed in the middle of after its run was whole. */
export async function tidyFinished(dir: string): Promise<void> {
  using _lock = await ownFolder(dir);
  await removeCheckpoints(dir);
}

async function removeCheckpoints(dir: string): Promise<void> {
  const checkpoints = `${dir}/${FILES.checkpoints}`;
  if (await isThere(checkpoints)) await removeFolderDurably(checkpoints);
}
