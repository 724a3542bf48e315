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
import type { LossNumbers, RunMoment, SftCheckpoint } from "../../training/mod.ts";
import { withOrigin } from "../folder/trust.ts";

/** What a run came to, at its end or so far. */
export interface SftResult {
  /** Updates. */
  readonly steps: number;
  /** Times through the data. */
  readonly epochs: number;
  /** Tokens that were read, prompts among them. */
  readonly tokens: number;
  /** Loss of the first and of the last step, nats a token; NaN before the first. */
  readonly loss: { readonly first: number; readonly last: number };
  /** Loss on the held-out rows before and after; absent where none are held out. */
  readonly evaluation?: { readonly before: number; readonly after: number };
}

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
  /** Where the run is; absent in a folder of 0.1.0. */
  readonly moment?: RunMoment<LossNumbers>;
  readonly spent: SftSpent;
  readonly logs: { readonly metrics: LogMark };
}

/** A checkpoint to go on from. */
export type SftPoint = Pick<FoundCheckpoint<Meta>, "arrays" | "meta">;

/** The state of the run that a checkpoint has. */
export function checkpointOf(
  { arrays, meta: { done, moment } }: SftPoint,
): SftCheckpoint<LossNumbers> {
  return { ...(moment ?? momentOf(done)), arrays, tokens: done.tokens };
}

/** Where a run of 0.1.0 is: of its evaluations it kept the first and the newest. */
function momentOf({ steps: step, evaluation }: SftResult): RunMoment<LossNumbers> {
  if (evaluation === undefined) return { step };
  const at = (step: number, loss: number) => ({ phase: step && 1, step, numbers: { loss } });
  return { step, evaluations: [at(0, evaluation.before), at(step, evaluation.after)] };
}

/** A run that goes on, its folder owned and checked. Disposing it gives the folder back. */
export interface ResumedSft extends Disposable {
  /** Whether there is nothing left to do. */
  readonly finished: boolean;
  /** Where it goes on; absent where it starts again. */
  readonly from?: SftPoint;
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
  save(state: SftCheckpoint<LossNumbers>, done: SftResult, spent: SftSpent): Promise<void>;
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
    own = await withOrigin(dir, identity);
  } else if (await isThere(`${dir}/${FILES.summary}`)) {
    await Deno.remove(`${dir}/${FILES.summary}`); // it says that the run is done
  }
  await writeIdentity(dir, own, about, FORMATS.sft);
  const { from } = resumed ?? {};
  await dropLater(dir, from?.meta.done.steps);
  const metrics = stack.use(
    await openJsonl(`${dir}/${FILES.metrics}`, { truncateTo: from?.meta.logs.metrics ?? 0 }),
  );
  const owned = stack.move();
  return {
    metrics,
    async save({ arrays, tokens: _tokens, ...moment }, done, spent) {
      await metrics.sync();
      const logs = { metrics: metrics.mark() };
      const meta: Meta = { identity: own, done, moment, spent, logs };
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
