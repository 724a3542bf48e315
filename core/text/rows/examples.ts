// Rows in, training examples out: columns are renamed, the format is found, and every row is used or counted.
import { quote } from "../../base/quote.ts";
import { detectFormat, ROW_FORMATS, type RowFormat, type RowFormatName } from "./format.ts";
import { toolsOf } from "./messages.ts";
import { placeOf, RowCounter, type RowReport, UnusableRow } from "./report.ts";
import { OWN_COLUMNS, rowTokenIds } from "./token_ids.ts";
import type { DatasetRow, Example } from "./rows.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { Mistake } from "../../base/mistake.ts";

/** Columns that the row formats know. */
const KNOWN = [
  ...["prompt", "chosen", "rejected", "completion", "label", "messages", "text", "tools", "system"],
  ...["question", "instruction", "input", "output", "conversations", "completions"],
];
/** Columns that every format reads. */
const ALWAYS = ["tools", "system"];
/** After so many rows of no format the file is none of ours. */
const MOST_STRANGE = 1000;

/** Which column of the file is which of ours: `{ prompt: "question" }`. */
export type ColumnMap = Readonly<Record<string, string>>;

/** How rows are to be read. */
export interface ExampleOptions {
  /** The format; default: as the rows say. */
  readonly format?: RowFormatName;
  /** Columns that have other names in the file. */
  readonly columns?: ColumnMap;
  /** Says where a text may be split, for files whose prompt is not a column of its own. */
  readonly tokenizer?: Tokenizer;
  /** Whether the first row that cannot be used ends it with a TypeError; default it is counted. */
  readonly strict?: boolean;
}

/** What became of the rows, and what of them was not looked at. */
export interface ExampleReport extends RowReport {
  /** Columns that hold text or messages and are not read. */
  readonly unread: ReadonlySet<string>;
}

/** Examples one by one; the report counts along and is complete when they end. */
export interface ExampleStream extends AsyncIterable<Example> {
  /** What became of the rows so far. */
  readonly report: ExampleReport;
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
 * @throws {Mistake} If a part is no `ours=theirs`, or ours is unknown or there twice.
 */
export function parseColumns(text: string): ColumnMap {
  const map: Record<string, string> = {};
  for (const part of text.split(",")) {
    const [, ours, theirs] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    if (!KNOWN.includes(ours) || !theirs || Object.hasOwn(map, ours)) {
      throw new Mistake("usage", {
        verb: "map",
        thing: "columns",
        found: `the mapping has ${quote(part)}`,
        expected: `OURS=THEIRS once for any of ${KNOWN.join(", ")}`,
      });
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
 * @param rows Rows from any of the readers; read once.
 * @param options `format` (default: as the first row says; a row that has none of its columns, as its own say), `columns`
 * (default none renamed), `tokenizer` (default: texts are split between words only), `strict` (default no).
 * @returns The examples in order, and the counts.
 * @throws {Mistake} While it is read: if no row has the columns of a format, or a renamed column is nowhere; where
 * `strict` is set, if a row cannot be used.
 */
export function toExamples(
  rows: AsyncIterable<DatasetRow>,
  options: ExampleOptions = {},
): ExampleStream {
  requireKnown(options.format);
  const unread = new Set<string>();
  const report = Object.assign(new RowCounter(options), { unread });
  async function* examples(): AsyncGenerator<Example> {
    let file: RowFormat | undefined;
    let strange: TypeError | undefined; // why the first row of no format is none
    for await (const datasetRow of rows) {
      const place = placeOf(datasetRow);
      let why: TypeError | undefined;
      const example = report.take(place, () => {
        const row = rename(datasetRow.row, options.columns ?? {});
        const format = formatOf(row, file, options.format);
        why = strangeness(datasetRow, row, format, options, file !== undefined);
        if (why !== undefined) throw new UnusableRow(reasonOf(datasetRow.row, options));
        file ??= format;
        addUnread(unread, datasetRow.row, format!, options.columns ?? {});
        const tools = toolsOf(row.tools);
        const body = format!.read(row, options.tokenizer);
        const ids = options.columns === undefined ? rowTokenIds(datasetRow.row) : undefined;
        return { ...body, place, ...(tools ? { tools } : {}), ...(ids ? { ids } : {}) } as Example;
      });
      if (example !== undefined) yield example;
      strange ??= why;
      if (file === undefined && strange !== undefined && report.read >= MOST_STRANGE) throw strange;
    }
    if (report.used === 0 && file === undefined && strange !== undefined) throw strange;
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

function requireKnown(name: string | undefined): void {
  if (name === undefined || ROW_FORMATS.some((format) => format.name === name)) return;
  const names = ROW_FORMATS.map((format) => format.name).join(", ");
  throw new Mistake("usage", {
    verb: "read",
    thing: "rows",
    found: `the format is ${quote(name)}`,
    expected: `one of ${names}`,
  });
}

/** The format of a row: the file's, unless the row has none of its columns but the prompt, or the file's is the least. */
function formatOf(
  row: Record<string, unknown>,
  file: RowFormat | undefined,
  name: RowFormatName | undefined,
): RowFormat | undefined {
  if (name !== undefined) return ROW_FORMATS.find((format) => format.name === name);
  if (file !== undefined && !LEAST.includes(file.name)) {
    if (hasOwnColumn(file, row)) return file;
  }
  const found = detectFormat(Object.keys(row), row);
  return ROW_FORMATS.find((format) => format.name === found) ?? file;
}

/** Whether a row has what tells a format: more than the prompt, where that is not all. */
function hasOwnColumn({ columns }: RowFormat, row: Record<string, unknown>): boolean {
  const own = columns.length > 1 ? columns.filter((column) => column !== "prompt") : columns;
  return own.some((column) => row[column] !== undefined && row[column] !== null);
}

/** Formats whose columns other formats have too. */
const LEAST: readonly RowFormatName[] = ["prompt", "text"];

/** What is wrong with the columns of a row; undefined where it can be read. */
function strangeness(
  { row, file }: DatasetRow,
  renamed: Record<string, unknown>,
  format: RowFormat | undefined,
  { columns = {} }: ExampleOptions,
  isKnown: boolean,
): TypeError | undefined {
  const found = columnsOf(row);
  for (const theirs of Object.values(columns)) {
    if (Object.hasOwn(row, theirs)) continue;
    return new Mistake("data", {
      verb: "use",
      thing: file,
      found,
      expected: `${quote(theirs)} among them`,
      fix: "Correct the column mapping",
    });
  }
  if (format !== undefined && (isKnown || hasOwnColumn(format, renamed))) return undefined;
  const wanted = format
    ? format.columns.join(", ")
    : "prompt with chosen and rejected, chosen and rejected, prompt with completion (and label), " +
      "prompt and label, messages, prompt, or text";
  return new Mistake("data", {
    verb: "use",
    thing: file,
    found,
    expected: wanted,
    fix: "Map other names, such as prompt=question",
  });
}

function reasonOf(row: DatasetRow["row"], { columns = {} }: ExampleOptions): string {
  const gone = Object.values(columns).find((theirs) => !Object.hasOwn(row, theirs));
  return gone === undefined ? columnsOf(row) : `${quote(gone)} is missing`;
}

function columnsOf(row: DatasetRow["row"]): string {
  const there = Object.keys(row).slice(0, 12).map(quote);
  return `its columns are ${there.join(", ") || "none"}`;
}

/** Notes columns of text that a format passes over. */
function addUnread(
  unread: Set<string>,
  row: DatasetRow["row"],
  { columns, reads = [] }: RowFormat,
  mapping: ColumnMap,
): void {
  const isOwn = typeof row.tokenizer_hash === "string";
  for (const [column, value] of Object.entries(row)) {
    const isText = typeof value === "string" && value.trim() !== "" ||
      Array.isArray(value) && typeof value[0] === "object";
    if (!isText || unread.has(column) || isOwn && OWN_COLUMNS.has(column)) continue;
    const ours = Object.entries(mapping).find(([, theirs]) => theirs === column)?.[0];
    const isHidden = ours === undefined && Object.hasOwn(mapping, column); // another column stands in for it
    const name = ours ?? column;
    const isRead = [columns, reads, ALWAYS].some((names) => names.includes(name));
    if (isHidden || !isRead) unread.add(column);
  }
}
