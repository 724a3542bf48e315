// `--prompts FILE`: prompts as lines, JSON, JSON lines or rows, read as a dataset is, and which are held out to evaluate on.
import { fold, keyOf, permutation } from "../../core/mod.ts";
import { byteStream, textLines } from "../../core/formats/datasets/text_lines.ts";
import { readJsonFile } from "../../core/formats/datasets/json_rows.ts";
import { jsonLines } from "../../core/formats/datasets/jsonl_rows.ts";
import { openDataset, openLocalFile } from "../../files/mod.ts";
import { statIfThere } from "../../files/small_file.ts";
import { kindOf } from "../../core/text/rows/messages.ts";
import { placeOf, RowCounter, UnusableRow } from "../../core/text/rows/report.ts";
import { counted } from "../terminal/counted.ts";
import { skippedLines } from "./rows.ts";
import { UsageError } from "../terminal/mistake.ts";
import { isObject, quote } from "../../core/base/quote.ts";
import { cannotRead } from "../../core/base/mistake.ts";

/** What is trained on, and what is evaluated on. */
export interface PromptSplit<T = string> {
  /** In the order of the file. */
  readonly train: readonly T[];
  /** In the order of the file. */
  readonly evaluation: readonly T[];
}

/** Prompts of a file. */
export interface PromptsOfFile {
  /** Every prompt once, in order. */
  readonly prompts: readonly string[];
  /** What was passed over, and why; empty where nothing was. */
  readonly skipped: readonly string[];
}

/**
 * Reads prompts out of a file: one a line of text; for `.json` an array and for `.jsonl` a value a line, each a string or
 * an object with `prompt` or `text`; of any other dataset its rows. Encoding and size are checked as in `--data`.
 *
 * @param path The file, whose name says the format.
 * @throws {UsageError} If it is no file, or there are fewer than two prompts.
 * @throws {Mistake} If it cannot be read as what its name says.
 */
export async function readPrompts(path: string): Promise<PromptsOfFile> {
  const info = await statIfThere(path);
  if (!info?.isFile) {
    const found = info === undefined
      ? "is not there"
      : info.isDirectory
      ? "is a folder"
      : "is no file";
    throw new UsageError({
      verb: "read",
      thing: `--prompts ${quote(path)}`,
      found: `it ${found}`,
      expected: "a file",
    });
  }
  const report = new RowCounter();
  const prompts = new Set<string>();
  for await (const { value, place } of entriesOf(path)) {
    const prompt = report.take(place, () => promptIn(value));
    if (prompt !== undefined) prompts.add(prompt);
  }
  const skipped = skippedLines([report]);
  if (prompts.size < 2) {
    const why = skipped.length > 0 ? ` (${skipped.join("; ")})` : "";
    throw new UsageError({
      verb: "read",
      thing: `--prompts ${path}`,
      found: `it has ${counted(prompts.size, "different prompt")}`,
      expected: `at least 2${why}`,
    });
  }
  return { prompts: [...prompts], skipped };
}

interface Entry {
  readonly value: unknown;
  readonly place: string;
}

async function* entriesOf(path: string): AsyncGenerator<Entry> {
  if (/\.(csv|tsv|parquet)$|\.gz$/i.test(path)) {
    for await (const row of (await openDataset(path)).rows()) {
      yield { value: row.row, place: placeOf(row) };
    }
    return;
  }
  using file = await openLocalFile(path);
  if (/\.json$/i.test(path)) {
    const value = await readJsonFile(file, "an array of prompts");
    if (!Array.isArray(value)) {
      throw cannotRead(`--prompts ${path}`, {
        found: `it holds ${kindOf(value)}`,
        expected: "an array of prompts",
      });
    }
    for (const [i, entry] of value.entries()) yield { value: entry, place: `${path} entry ${i}` };
  } else if (/\.(jsonl|ndjson)$/i.test(path)) {
    for await (const { value, number } of jsonLines(byteStream(file), "one prompt a line")) {
      yield { value, place: `${path}:${number}` };
    }
  } else {
    for await (const { text, number } of textLines(byteStream(file), "prompts")) {
      if (text.trim() !== "") yield { value: text.trim(), place: `${path}:${number}` };
    }
  }
}

function promptIn(value: unknown): string {
  const found = isObject(value) ? value.prompt ?? value.text : value;
  if (typeof found === "string" && found.trim() !== "") return found;
  if (typeof found === "string") throw new UnusableRow("prompt is empty");
  throw new UnusableRow(
    Array.isArray(found)
      ? "prompt is messages, expected text. Give the file as --data"
      : `prompt is ${kindOf(found)}, expected text or an object with prompt`,
  );
}

/**
 * Holds out at most `most` prompts and at most a quarter (at least one) to evaluate on, chosen at random and always
 * the same.
 */
export function splitPrompts<T>(prompts: readonly T[], most: number): PromptSplit<T> {
  const held = Math.max(1, Math.min(most, Math.floor(prompts.length / 4)));
  const order = permutation(fold(keyOf(0), "held-out prompts"), prompts.length);
  const out = new Set(order.subarray(0, held));
  return {
    train: prompts.filter((_, i) => !out.has(i)),
    evaluation: prompts.filter((_, i) => out.has(i)),
  };
}
