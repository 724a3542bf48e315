// The folder of `leash sft`: config.json, metrics.jsonl, checkpoints/, and at the end the result, MANIFEST.json and
// summary.json. One process owns it at a time, and a run that goes on has every byte that it reads checked first.
import {
  type FolderLock,
  type JsonlAppender,
  type LogMark,
  openJsonl,
  pruneCheckpoints,
} from "../../files/mod.ts";
import { keepCheckpoint } from "../../files/run_sink.ts";
import { exactStringify } from "../../core/base/exact_json.ts";
import { continued, requireBelongs } from "../folder/changes.ts";
import {
  type CheckpointMeta,
  dropLater,
  findCheckpoint,
  type FoundCheckpoint,
} from "../../files/run_checkpoints.ts";
import { checkFinished, sealResults } from "../folder/finished.ts";
import {
  FILES,
  FORMATS,
  ownFolder,
  requireNoRun,
  RESUMED,
  writeIdentity,
  writeText,
} from "../folder/run_folder.ts";
import { isThere } from "../../files/durable/disk.ts";
import { asUsage } from "../terminal/system_mistake.ts";
import type { SftIdentity } from "./flags.ts";
import type { SftResume } from "./request.ts";
import type { SftResult } from "./run.ts";
import { originOf } from "../folder/trust.ts";

/** What a run took, all processes that worked on it together. */
export interface SftSpent {
  /** Wall clock, seconds. */
  readonly seconds: number;
  /** Most bytes on the device at once. */
  readonly bytesPeak: number;
}

/** What a checkpoint says beside its arrays. */
interface Meta extends CheckpointMeta {
  readonly identity: SftIdentity;
  readonly done: SftResult;
  readonly spent: SftSpent;
  readonly logs: { readonly metrics: LogMark };
}

/** A run that goes on, its folder owned and checked. Disposing it gives the folder back. */
export interface ResumedSft extends Disposable {
  /** Whether there is nothing left to do. */
  readonly finished: boolean;
  /** Where it goes on; absent where it starts again. */
  readonly from?: FoundCheckpoint<Meta>;
  /** Lines for people. */
  readonly notes: readonly string[];
  /** The identity that it goes on with; refuses what differs and was not accepted. */
  settle(now: SftIdentity): SftIdentity;
}

/**
 * Takes the folder of a run that goes on, and checks every byte of what it goes on from.
 *
 * @throws {UsageError} If a file in it is not as it was written; names it.
 * @throws {Mistake} If another process owns it.
 */
export async function resumeSftFolder(
  dir: string,
  { stored, extended, accepted }: SftResume,
): Promise<ResumedSft> {
  using stack = new DisposableStack();
  stack.use(await asUsage(() => ownFolder(dir)));
  const whole = await isThere(`${dir}/${FILES.summary}`);
  if (whole) await checkFinished(dir);
  const finished = whole && extended.length === 0;
  const { from, notes } = finished ? { notes: [] } : await findCheckpoint<Meta>(dir, RESUMED);
  const step = from?.step ?? 0;
  if (!finished) requireBelongs(dir, stored, from?.meta.identity, step);
  const owned = stack.move();
  return {
    ...{ finished, from, notes },
    settle: (now) => continued(dir, now, stored, { accepted, extended, step }),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** An owned folder. Disposing it closes the log and gives the folder back. */
export interface SftFolder extends Disposable {
  /** metrics.jsonl, cut to where the run goes on. */
  readonly metrics: JsonlAppender;
  /** Writes a checkpoint, with the log made durable up to here. */
  save(
    arrays: ReadonlyMap<string, Float32Array>,
    done: SftResult,
    spent: SftSpent,
  ): Promise<void>;
  /** Writes summary.json, whose presence says that the run is whole; its last checkpoint stays, to go on from. */
  finish(summary: object): Promise<void>;
}

/**
 * Opens the folder of a run, to write into.
 *
 * @param resumed A run that goes on; absent for a new one.
 * @param about What config.json says for readers.
 * @throws {UsageError} If a new run's folder holds something.
 * @throws {Mistake} If another process owns it.
 */
export async function openSftFolder(
  dir: string,
  identity: SftIdentity,
  resumed: ResumedSft | undefined,
  about: Readonly<Record<string, unknown>>,
): Promise<SftFolder> {
  using stack = new DisposableStack();
  let own = identity;
  if (resumed === undefined) {
    stack.use<FolderLock>(await ownFolder(dir));
    await requireNoRun(dir);
    const origin = await originOf(dir);
    own = { ...identity, ...(origin ? { origin } : {}) };
  } else if (await isThere(`${dir}/${FILES.summary}`)) {
    await Deno.remove(`${dir}/${FILES.summary}`); // it says that the run is done
  }
  await writeIdentity(dir, own, about, FORMATS.sft);
  const { from } = resumed ?? {};
  await dropLater(dir, from?.step);
  const metrics = stack.use(
    await openJsonl(`${dir}/${FILES.metrics}`, { truncateTo: from?.meta.logs.metrics ?? 0 }),
  );
  const owned = stack.move();
  return {
    metrics,
    async save(arrays, done, spent) {
      await metrics.sync();
      const meta: Meta = { identity: own, done, spent, logs: { metrics: metrics.mark() } };
      await keepCheckpoint(dir, done.steps, arrays, meta);
    },
    async finish(summary) {
      await metrics.sync();
      const text = exactStringify(summary, 2) + "\n";
      await sealResults(dir, text);
      await writeText(`${dir}/${FILES.summary}`, text);
      await pruneCheckpoints(`${dir}/${FILES.checkpoints}`, 1);
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}
