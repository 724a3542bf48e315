// A dataset as a whole: everything of it that a command can use, at once, and one line on the rest.
import type { Example, Tokenizer } from "../../core/mod.ts";
import { RowCounter, usedRows } from "../../core/text/rows/report.ts";
import type { FetchOptions } from "../policy/hub_files.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { UsageError } from "../terminal/mistake.ts";
import type { DataModel } from "./dialogues.ts";
import {
  type DataFlags,
  openExamples,
  type ReadRow,
  readRows,
  type RowNeeds,
  skippedLines,
} from "./rows.ts";

/** What a command makes of the rows that it can use. */
export interface UsableNeeds<E extends Example, T> extends RowNeeds<E> {
  /** What it calls one: "prompt". */
  readonly noun: string;
  /** What it keeps of one. */
  readonly keep: (row: ReadRow<E>) => T;
}

/**
 * Reads all rows of a dataset in ids, and says on the error stream what became of them.
 *
 * @param command What "Cannot …" says.
 * @returns At least one.
 * @throws {UsageError} If none can be used, or the chat template is asked for and not there.
 * @throws {Mistake} If the dataset cannot be read, or with `--strict` a row cannot be used.
 */
export async function usableRows<E extends Example, T>(
  command: string,
  flags: DataFlags,
  model: DataModel,
  { noun, keep, ...needs }: UsableNeeds<E, T>,
  options: CommandOptions,
): Promise<T[]> {
  const rows = await readRows(flags, model, needs, options);
  const kept = await Array.fromAsync(rows, keep);
  const report = rows.report();
  if (kept.length === 0) {
    throw new UsageError({
      verb: command,
      found: `${flags.data} has no ${noun} that can be used`,
      expected: `one (${report})`,
    });
  }
  options.terminal.error(`${flags.data}: ${report}`);
  return kept;
}

/** Examples that a command takes as they stand. */
export interface TakenExamples<T> {
  /** In the order of the file. */
  readonly taken: readonly T[];
  /** "3 of 5 rows used". */
  readonly used: string;
  /** What was passed over, and why; empty where nothing was. */
  readonly skipped: readonly string[];
}

/**
 * Reads all examples of a dataset as words.
 *
 * @param take What the command takes of one; throws UnusableRow where there is nothing.
 * @throws {Mistake} If the dataset cannot be read, or with `--strict` a row cannot be used.
 */
export async function takeExamples<T extends object>(
  flags: DataFlags,
  tokenizer: Tokenizer | undefined,
  take: (example: Example) => T,
  options?: FetchOptions,
): Promise<TakenExamples<T>> {
  const stream = await openExamples(flags, tokenizer, options);
  const needed = new RowCounter(flags);
  const taken: T[] = [];
  for await (const example of stream) {
    const one = needed.take(example.place, () => take(example));
    if (one !== undefined) taken.push(one);
  }
  return {
    taken,
    used: usedRows({ used: needed.used, read: stream.report.read }),
    skipped: skippedLines([stream.report, needed]),
  };
}
