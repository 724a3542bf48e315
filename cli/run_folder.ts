// The folder of a run: config.json, the logs that grow (metrics, pairs, answers), checkpoints/, and what stands there
// at the end. One process owns it at a time.
import {
  type FolderLock,
  type JsonlAppender,
  lockFolder,
  openJsonl,
  writeFileDurably,
} from "../core/io/mod.ts";
import { type RunConfig, UsageError } from "./flags.ts";

/** What must be the same for a run to go on bit for bit. */
export interface RunIdentity {
  /** The flags. */
  readonly config: RunConfig;
  /** Device and arithmetic, e.g. "cpu, relaxed FMA". */
  readonly kernelPath: string;
  /** Fingerprint of the model's weights. */
  readonly model: string;
  /** Fingerprint of the prompts. */
  readonly prompts: string;
  /** Fingerprint of the reference adapter, where it is a folder's. */
  readonly referenceAdapter?: string;
  /** Fingerprint of the replayed pairs. */
  readonly replayedPairs?: string;
  /** Fingerprint of the adapter that the members start from. */
  readonly startAdapter?: string;
  /** Fingerprint of the file of a `rule:` annotator. */
  readonly rule?: string;
}

/** Lengths of the logs, bytes: where a resumed run cuts them. */
export interface LogOffsets {
  /** Of metrics.jsonl. */
  readonly metrics: number;
  /** Of pairs.jsonl. */
  readonly pairs: number;
  /** Of answers.jsonl. */
  readonly answers: number;
}

/** Names in a run folder. */
export const FILES = {
  config: "config.json",
  metrics: "metrics.jsonl",
  pairs: "pairs.jsonl",
  answers: "answers.jsonl",
  timing: "timing.jsonl",
  checkpoints: "checkpoints",
  adapter: "adapter",
  samples: "samples.md",
  svg: "win_rate.svg",
  png: "win_rate.png",
  summary: "summary.json",
} as const;

const FORMAT = "leash-run-1";

/** An owned run folder. Its logs are there once `openLogs` has cut them. */
export class RunFolder implements Disposable {
  readonly #lock: FolderLock;
  readonly #logs: JsonlAppender[] = [];

  private constructor(readonly dir: string, lock: FolderLock) {
    this.#lock = lock;
  }

  /**
   * Takes the folder; makes it if it is not there.
   *
   * @throws {Error} If another process owns it.
   */
  static async own(dir: string): Promise<RunFolder> {
    return new RunFolder(dir, await lockFolder(dir));
  }

  /** Opens the logs, cut to what a checkpoint remembers. */
  async openLogs(offsets: LogOffsets): Promise<void> {
    for (const name of ["metrics", "pairs", "answers"] as const) {
      this.#logs.push(await openJsonl(this.path(name), { truncateTo: offsets[name] }));
    }
    this.#logs.push(await openJsonl(this.path("timing")));
  }

  /** Steps and evaluations, TRL's names; nothing in it depends on the clock. */
  get metrics(): JsonlAppender {
    return this.#logs[0];
  }

  /** Every pair, with token ids, log-probs and verdict. */
  get pairs(): JsonlAppender {
    return this.#logs[1];
  }

  /** The answers of each evaluation. */
  get answers(): JsonlAppender {
    return this.#logs[2];
  }

  /** Seconds and tokens/s of each phase. */
  get timing(): JsonlAppender {
    return this.#logs[3];
  }

  /** Where a name of {@link FILES} is. */
  path(name: keyof typeof FILES): string {
    return `${this.dir}/${FILES[name]}`;
  }

  /** Makes the logs durable and says how long they are. */
  async sync(): Promise<LogOffsets> {
    await Promise.all([this.metrics.sync(), this.pairs.sync(), this.answers.sync()]);
    return {
      metrics: this.metrics.offset,
      pairs: this.pairs.offset,
      answers: this.answers.offset,
    };
  }

  /** Writes a file whole or not at all. */
  async write(name: keyof typeof FILES, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await writeFileDurably(this.path(name), bytes);
  }

  /** Closes the logs and gives the folder back. */
  [Symbol.dispose](): void {
    for (const log of this.#logs) log.close();
    this.#lock.release();
  }
}

/** Logs of a run that has none yet. */
export const NO_LOGS: LogOffsets = { metrics: 0, pairs: 0, answers: 0 };

/**
 * Refuses a folder that already holds a run.
 *
 * @throws {UsageError} If it does.
 */
export async function requireNoRun(dir: string): Promise<void> {
  const there: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dir)) if (name !== ".lock") there.push(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (!(error instanceof Deno.errors.NotADirectory)) throw error;
    throw new UsageError(
      `Cannot start in ${dir}: it or its parent is a file, expected a new folder`,
    );
  }
  if (there.length === 0) return;
  const run = [FILES.config, FILES.metrics, FILES.summary].find((file) => there.includes(file));
  throw new UsageError(
    `Cannot start in ${dir}: it has a ${run ?? there.sort()[0]} already, expected a new folder. ` +
      (run
        ? `Go on with that run by --resume ${dir}, or choose another --out`
        : "Choose another --out"),
  );
}

/** Writes config.json: the identity, and `about` for readers. */
export async function writeIdentity(
  dir: string,
  identity: RunIdentity,
  about: Readonly<Record<string, unknown>>,
): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, ...identity, about }, null, 2) + "\n";
  await writeFileDurably(`${dir}/${FILES.config}`, new TextEncoder().encode(text));
}

/**
 * Reads config.json.
 *
 * @throws {UsageError} If the folder holds no run, or the file is not one of ours.
 */
export async function readIdentity(dir: string, verb = "resume"): Promise<RunIdentity> {
  const path = `${dir}/${FILES.config}`;
  if (!await isThere(path)) {
    throw new UsageError(
      `Cannot ${verb} ${dir}: ${FILES.config} is missing, expected the folder of a run`,
    );
  }
  let value;
  try {
    value = JSON.parse(await Deno.readTextFile(path));
  } catch {
    value = undefined;
  }
  if (value?.format !== FORMAT || typeof value.config !== "object" || value.config === null) {
    throw new UsageError(
      `Cannot ${verb} ${dir}: ${FILES.config} has format ${
        JSON.stringify(value?.format)
      }, expected "${FORMAT}"`,
    );
  }
  const { format: _format, about: _about, ...identity } = value;
  return identity as RunIdentity;
}

/** Whether something is at a path. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}
