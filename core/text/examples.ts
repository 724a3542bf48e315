// Rows in, training examples out: columns are renamed, the format is found, and every row is used or counted.
import { quote } from "../io/mistakes.ts";
import { detectFormat, ROW_FORMATS, type RowFormat, type RowFormatName } from "./row_format.ts";
import { toolsOf } from "./row_messages.ts";
import { placeOf, RowCounter, type RowReport } from "./row_report.ts";
import type { DatasetRow, Example } from "./rows.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Columns that the row formats know. */
const KNOWN = ["prompt", "chosen", "rejected", "completion", "label", "messages", "text", "tools"];

/** Which column of the file is which of ours: `{ prompt: "question" }`. */
export type ColumnMap = Readonly<Record<string, string>>;

/** How rows are to be read. */
export interface ExampleOptions {
  /** The format; default: as the first row says. */
  readonly format?: RowFormatName;
  /** Columns that have other names in the file. */
  readonly columns?: ColumnMap;
  /** Says where a text may be split, for files whose prompt is not a column of its own. */
  readonly tokenizer?: Tokenizer;
}

/** Examples one by one; the report counts along and is complete when they end. */
export interface ExampleStream extends AsyncIterable<Example> {
  /** What became of the rows so far. */
  readonly report: RowReport;
}

/**
 * Parses a column mapping as a flag has it.
 *
 * @example
 * ```ts
 * import { parseColumns } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals(parseColumns("prompt=question, chosen=good"), { prompt: "question", chosen: "good" });
 * ```
 *
 * @param text `ours=theirs`, with commas between.
 * @throws {TypeError} If a part is no `ours=theirs`, or ours is unknown or there twice.
 */
export function parseColumns(text: string): ColumnMap {
  const map: Record<string, string> = {};
  for (const part of text.split(",")) {
    const [, ours, theirs] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    if (!KNOWN.includes(ours) || !theirs || Object.hasOwn(map, ours)) {
      throw new TypeError(
        `Cannot map columns: the mapping has ${quote(part)}, expected OURS=THEIRS once ` +
          `for any of ${KNOWN.join(", ")}`,
      );
    }
    map[ours] = theirs;
  }
  return map;
}

/**
 * Turns rows into training examples. A row that cannot be used is counted with its reason and its place.
 *
 * @example
 * ```ts
 * import { fileOfBytes, jsonlRows, toExamples } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const text = '{"q": "Hi", "chosen": "Hello", "rejected": "Go"}\n{"q": "Hi", "chosen": ""}\n';
 * using file = fileOfBytes(new TextEncoder().encode(text), "pairs.jsonl");
 * const examples = toExamples(jsonlRows(file), { format: "preference", columns: { prompt: "q" } });
 * const [first, ...rest] = await Array.fromAsync(examples);
 * assertEquals([first.kind, first.place, rest.length], ["preference", "pairs.jsonl:1", 0]);
 * assertEquals(examples.report.skipped.get("chosen is empty"), { count: 1, first: "pairs.jsonl:2" });
 * ```
 *
 * @param rows Rows of one format, from any of the readers; read once.
 * @param options `format` (default: as the first row says), `columns` (default none renamed), `tokenizer` (default:
 * texts are split between words only).
 * @returns The examples in order, and the counts.
 * @throws {TypeError} While it is read: if no format fits the first row's columns, or a renamed column is not there.
 */
export function toExamples(
  rows: AsyncIterable<DatasetRow>,
  options: ExampleOptions = {},
): ExampleStream {
  const report = new RowCounter();
  async function* examples(): AsyncGenerator<Example> {
    let format: RowFormat | undefined;
    for await (const datasetRow of rows) {
      const row = rename(datasetRow.row, options.columns ?? {});
      format ??= formatOf(datasetRow, row, options);
      const { read } = format;
      const place = placeOf(datasetRow);
      const example = report.take(place, () => {
        const tools = toolsOf(row.tools);
        return { ...read(row, options.tokenizer), place, ...(tools ? { tools } : {}) };
      });
      if (example !== undefined) yield example;
    }
  }
  return { report, [Symbol.asyncIterator]: examples };
}

function rename(row: DatasetRow["row"], columns: ColumnMap): Record<string, unknown> {
  const renamed = { ...row };
  for (const [ours, theirs] of Object.entries(columns)) {
    renamed[ours] = Object.hasOwn(row, theirs) ? row[theirs] : undefined;
  }
  return renamed;
}

function formatOf(
  { row, file }: DatasetRow,
  renamed: Record<string, unknown>,
  { format, columns = {} }: ExampleOptions,
): RowFormat {
  const there = Object.keys(row).slice(0, 12).map(quote);
  const found = `its columns are ${there.join(", ") || "none"}`;
  for (const theirs of Object.values(columns)) {
    if (Object.hasOwn(row, theirs)) continue;
    throw new TypeError(
      `Cannot use ${file}: ${found}, expected ${quote(theirs)} among them. ` +
        "Correct the column mapping",
    );
  }
  const names = Object.keys(renamed);
  const name = format ?? detectFormat(names, renamed);
  const known = ROW_FORMATS.find((candidate) => candidate.name === name);
  if (name !== undefined && known === undefined) {
    throw new TypeError(
      `Cannot use ${file}: the format is ${quote(name)}, expected one of ${
        ROW_FORMATS.map((candidate) => candidate.name).join(", ")
      }`,
    );
  }
  if (known?.columns.every((column) => names.includes(column))) return known;
  const wanted = known
    ? known.columns.join(", ")
    : "prompt with chosen and rejected, chosen and rejected, prompt with completion (and label), " +
      "prompt and label, messages, prompt, or text";
  throw new TypeError(
    `Cannot use ${file}: ${found}, expected ${wanted}. Map other names, such as prompt=question`,
  );
}
