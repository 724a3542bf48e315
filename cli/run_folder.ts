// The folder of a run: config.json, the logs that grow (metrics, pairs, answers), checkpoints/, and what stands there
// at the end. One process owns it at a time.
import {
  type FolderLock,
  type JsonlAppender,
  lockFolder,
  openJsonl,
  settleFolders,
  writeFileDurably,
} from "../core/io/mod.ts";
import { isLeftover } from "../core/io/durable.ts";
import { isObject, show } from "../core/io/mistakes.ts";
import { readSmallFile } from "../core/io/small_file.ts";
import { type RunConfig, UsageError } from "./flags.ts";

/** What must be the same for any run to go on bit for bit. */
export interface Identity<Config extends object = object> {
  /** The flags. */
  readonly config: Config;
  /** Device and arithmetic, e.g. "cpu, relaxed FMA". */
  readonly kernelPath: string;
  /** Fingerprint of the model's weights. */
  readonly model: string;
}

/** That of a run of `train`. */
export interface RunIdentity extends Identity<RunConfig> {
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

/** What config.json says that it is, by the command that made the run. */
export const FORMATS = { train: "leash-run-1", sft: "leash-sft-2" } as const;

/** An owned run folder. Its logs are there once `openLogs` has cut them. */
export class RunFolder implements Disposable {
  readonly #lock: FolderLock;
  readonly #logs: JsonlAppender[] = [];

  private constructor(readonly dir: string, lock: FolderLock) {
    this.#lock = lock;
  }

  /**
   * Takes the folder; makes it if it is not there, and tidies what a killed process left half-written in it.
   *
   * @throws {Error} If another process owns it.
   */
  static async own(dir: string): Promise<RunFolder> {
    return new RunFolder(dir, await ownFolder(dir));
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

/**
 * Locks a run's folder, made if it is not there, and tidies what a killed process left half-written in it.
 *
 * @throws {Error} If another process owns it.
 */
export async function ownFolder(dir: string): Promise<FolderLock> {
  const lock = await lockFolder(dir);
  try {
    await settleFolders(dir);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
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
    for await (const { name } of Deno.readDir(dir)) {
      if (name !== ".lock" && !isLeftover(name)) there.push(name);
    }
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
  identity: Identity,
  about: Readonly<Record<string, unknown>>,
  format: string = FORMATS.train,
): Promise<void> {
  await writeJson(`${dir}/${FILES.config}`, { format, ...identity, about });
}

/** Writes a value as indented JSON, whole or not at all. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileDurably(path, new TextEncoder().encode(JSON.stringify(value, null, 2) + "\n"));
}

/**
 * Reads config.json.
 *
 * @typeParam I What a run of that format has in it.
 * @throws {UsageError} If the folder holds no run, or the file is not one of ours.
 */
export async function readIdentity<I extends Identity = RunIdentity>(
  dir: string,
  verb = "resume",
  format: string = FORMATS.train,
): Promise<I> {
  const bytes = await readSmallFile(`${dir}/${FILES.config}`).catch((error: Error) => {
    throw new UsageError(error.message, { cause: error });
  });
  if (bytes === undefined) {
    throw new UsageError(
      `Cannot ${verb} ${dir}: ${FILES.config} is missing, expected the folder of a run`,
    );
  }
  let value;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    value = undefined;
  }
  if (value?.format !== format || !isObject(value.config)) {
    const made = Object.entries(FORMATS).find(([, known]) => known === value?.format)?.[0];
    throw new UsageError(
      `Cannot ${verb} ${dir}: ${FILES.config} has format ${
        show(value?.format)
      }, expected "${format}"` +
        (made === undefined ? "" : `. The run is one of leash ${made}`),
    );
  }
  const { format: _format, about: _about, ...identity } = value;
  return identity as I;
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
