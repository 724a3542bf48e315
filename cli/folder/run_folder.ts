// The folder of a run: config.json, the logs that grow (metrics, pairs, answers), checkpoints/, and what stands there
// at the end. One process owns it at a time.
import { type FolderLock, lockFolder, settleFolders, writeFileDurably } from "../../files/mod.ts";
import type { FindOptions } from "../../files/run_checkpoints.ts";
import { type LogMarks, RunLogs } from "../../files/run_logs.ts";
import { isLeftover } from "../../files/durable/file.ts";
import { isObject, show } from "../../core/base/quote.ts";
import { readSmallFile } from "../../files/small_file.ts";
import { systemMistake } from "../terminal/system_mistake.ts";
import { UsageError } from "../terminal/mistake.ts";
import type { Identity, RunIdentity } from "./identity.ts";
import { brokenSeal, readSealed, writeSealed } from "./sealed_json.ts";

export type { Identity, RunIdentity } from "./identity.ts";

/** Names in a run folder. */
export const FILES = {
  config: "config.json",
  metrics: "metrics.jsonl",
  pairs: "pairs.jsonl",
  answers: "answers.jsonl",
  timing: "timing.jsonl",
  checkpoints: "checkpoints",
  verdicts: "verdicts.sqlite",
  adapter: "adapter",
  samples: "samples.md",
  svg: "win_rate.svg",
  png: "win_rate.png",
  summary: "summary.json",
} as const;

/** What config.json says that it is, by the command that made the run. */
export const FORMATS = {
  train: "leash-run-1",
  sft: "leash-sft-2",
  annotate: "leash-annotate-1",
} as const;

/** How a command looks at the checkpoints of its run: each says what the run was. */
export const RESUMED: FindOptions = {
  fields: ["identity", "logs"],
  explain: (error) => systemMistake("resume", error),
};

/** An owned run folder. Its logs are there once `openLogs` has cut them. */
export class RunFolder implements Disposable {
  readonly #lock: FolderLock;
  #logs: RunLogs | undefined;

  private constructor(readonly dir: string, lock: FolderLock) {
    this.#lock = lock;
  }

  /**
   * Takes the folder; makes it if it is not there, and tidies what a killed process left half-written in it.
   *
   * @throws {Mistake} If another process owns it.
   */
  static async own(dir: string): Promise<RunFolder> {
    return new RunFolder(dir, await ownFolder(dir));
  }

  /** Opens the logs, cut to what a checkpoint remembers; empty where there is none. */
  async openLogs(marks?: LogMarks): Promise<void> {
    this.#logs = await RunLogs.open(this.dir, marks);
  }

  /** Steps and evaluations, pairs, answers, seconds: whose rows `train` writes; borrowed. */
  get logs(): RunLogs {
    return this.#logs!;
  }

  /** Where a name of {@link FILES} is. */
  path(name: keyof typeof FILES): string {
    return `${this.dir}/${FILES[name]}`;
  }

  /** Writes a file whole or not at all, while the folder is there. */
  async write(name: keyof typeof FILES, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await this.logs.of("metrics").sync();
    await writeFileDurably(this.path(name), bytes);
  }

  /** Closes the logs and gives the folder back. */
  [Symbol.dispose](): void {
    this.#logs?.[Symbol.dispose]();
    this.#lock.release();
  }
}

/**
 * Locks a run's folder, made if it is not there, and tidies what a killed process left half-written in it.
 *
 * @throws {Mistake} If another process owns it.
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
    throw new UsageError({
      verb: "start",
      thing: `in ${dir}`,
      found: "it or its parent is a file",
      expected: "a new folder",
    });
  }
  if (there.length === 0) return;
  const run = [FILES.config, FILES.metrics, FILES.summary].find((file) => there.includes(file));
  throw new UsageError({
    verb: "start",
    thing: `in ${dir}`,
    found: `it has a ${run ?? there.sort()[0]} already`,
    expected: "a new folder",
    fix: run
      ? `Go on with that run by --resume ${dir}, or choose another --out`
      : "Choose another --out",
  });
}

/** Writes config.json: the identity, and `about` for readers. */
export async function writeIdentity(
  dir: string,
  identity: Identity,
  about: Readonly<Record<string, unknown>>,
  format: string = FORMATS.train,
): Promise<void> {
  await writeSealed(`${dir}/${FILES.config}`, { format, ...identity, about });
}

/** Writes a text, whole or not at all. */
export async function writeText(path: string, text: string): Promise<void> {
  await writeFileDurably(path, new TextEncoder().encode(text));
}

/**
 * Reads config.json.
 *
 * @typeParam I What a run of that format has in it.
 * @throws {UsageError} If the folder holds no run, or the file is not one of ours or was changed.
 */
export async function readIdentity<I extends Identity = RunIdentity>(
  dir: string,
  verb = "resume",
  format: string = FORMATS.train,
): Promise<I> {
  return await parseIdentity<I>(`${dir}/${FILES.config}`, format, { verb, dir });
}

/** How to call what is read. */
interface Reading {
  /** What "Cannot …" says. */
  readonly verb?: string;
  /** The folder of a run; absent for a file beside a result. */
  readonly dir?: string;
}

/** The same of a file of any name. */
export async function parseIdentity<I extends Identity>(
  path: string,
  format: string,
  { verb = "resume", dir = path }: Reading = {},
): Promise<I> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const bytes = await readSmallFile(path);
  if (bytes === undefined) {
    throw new UsageError({
      verb,
      thing: dir,
      found: `${name} is missing`,
      expected: "the folder of a run",
    });
  }
  const { value, seal } = await readSealed(bytes) ?? {};
  if (value?.format !== format || !isObject(value.config)) {
    const made = Object.entries(FORMATS).find(([, known]) => known === value?.format)?.[0];
    throw new UsageError({
      verb,
      thing: dir,
      found: `${name} has format ${show(value?.format)}`,
      expected: `"${format}"${(made === undefined ? "" : `. The run is one of leash ${made}`)}`,
    });
  }
  if (seal === "changed" || (seal === "none" && verb === "resume")) {
    throw new UsageError({ verb, thing: path, ...brokenSeal(seal) });
  }
  const { format: _format, about: _about, ...identity } = value;
  return identity as unknown as I;
}
