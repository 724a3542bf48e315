// CSV and TSV as rows: records are cut where a line ends outside quotes, @std/csv reads their fields, and a row of
// the wrong width is refused with its line.
import { parse } from "@std/csv";
import type { DatasetRow } from "../../text/rows/rows.ts";
import { quote } from "../../base/quote.ts";
import type { RandomAccessFile } from "../../base/random_access.ts";
import { type ByteStream, byteStream, MOST_LINE_BYTES, textLines } from "./text_lines.ts";
import { cannotRead, type Mistake } from "../../base/mistake.ts";

/** How the file is written. */
export interface CsvOptions {
  /** Between fields; default a comma, or a tab if the file's name ends in `.tsv`. */
  readonly separator?: string;
}

interface CsvRecord {
  readonly text: string;
  /** The line at which it begins, from 1. */
  readonly line: number;
}

/** Stands for the \r of a line break in a field while @std/csv, which would drop it, has the text: no text has it. */
const RETURN = "\0";

/** Records that are handed to the parser at once. */
const BATCH = 512;

/**
 * Rows of a CSV or TSV file with a header; every value is text. Fields in double quotes may hold separators, quotes
 * ("") and line breaks, which stay as they are, \n or \r\n; empty lines are passed over.
 *
 * @example
 * ```ts
 * import { csvRows, fileOfBytes } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const text = 'prompt,chosen,rejected\n"Hi, you",hello,go away\n';
 * using file = fileOfBytes(new TextEncoder().encode(text), "pairs.csv");
 * const [{ row, number }] = await Array.fromAsync(csvRows(file));
 * assertEquals([row.prompt, number], ["Hi, you", 2]);
 * ```
 *
 * @param file The file, or its bytes as they arrive; borrowed while it is read.
 * @param options `separator`.
 * @returns Its rows with the lines at which they begin.
 * @throws {Mistake} While it is read: if a quote is misplaced, a row has too few or too many fields, a column is
 * there twice, the text is not UTF-8 or has a NUL byte, or a record is over 16 MiB long; or the file is empty, a web
 * page or a Git LFS pointer.
 */
export async function* csvRows(
  file: RandomAccessFile | ByteStream,
  options: CsvOptions = {},
): AsyncGenerator<DatasetRow> {
  const { name } = file;
  const isTsv = /\.tsv(\.gz)?$/i.test(name);
  const separator = options.separator ?? (isTsv ? "\t" : ",");
  const format = separator === "\t" ? "TSV" : "CSV";
  let header: string[] | undefined;
  const stream = "parts" in file ? file : byteStream(file);
  for await (const batch of batches(records(stream, format))) {
    const fields = parseRecords(batch, separator, name, format);
    for (const [i, { line }] of batch.entries()) {
      if (header === undefined) {
        header = checkedHeader(fields[i], name);
        continue;
      }
      if (fields[i].length !== header.length) {
        throw cannotRead(name, {
          found: `line ${line} has ${fields[i].length} fields`,
          expected: `${header.length} as in the header`,
        });
      }
      const row = Object.fromEntries(header.map((column, c) => [column, fields[i][c]]));
      yield { row, file: name, unit: "line", number: line };
    }
  }
  if (header === undefined) {
    throw cannotRead(name, { found: "it is blank", expected: `${format} with a header` });
  }
}

/** Physical lines joined while a quote is open: a quoted field may hold line breaks. */
async function* records(stream: ByteStream, format: string): AsyncGenerator<CsvRecord> {
  let open: { lines: string[]; line: number; length: number } | undefined;
  for await (const { text, number, hasReturn } of textLines(stream, format)) {
    if (text.includes("\r")) {
      throw cannotRead(stream.name, {
        found: `line ${number} has a carriage return alone`,
        expected: "lines that end in \\n or \\r\\n",
      });
    }
    const isOdd = quotes(text) % 2 === 1;
    const end = hasReturn ? RETURN : "";
    if (open === undefined) {
      if (text === "") continue;
      if (isOdd) open = { lines: [text + end], line: number, length: text.length };
      else yield { text, line: number };
      continue;
    }
    open.length += text.length + 1;
    if (open.length > MOST_LINE_BYTES) throw unclosed(stream.name, open.line, format);
    open.lines.push(isOdd ? text : text + end);
    if (!isOdd) continue;
    yield { text: open.lines.join("\n"), line: open.line };
    open = undefined;
  }
  if (open !== undefined) throw unclosed(stream.name, open.line, format);
}

function quotes(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count++;
  return count;
}

function unclosed(name: string, line: number, format: string): Mistake {
  return cannotRead(name, {
    found: `line ${line} opens a quote that is never closed`,
    expected: format,
  });
}

async function* batches(records: AsyncIterable<CsvRecord>): AsyncGenerator<CsvRecord[]> {
  let batch: CsvRecord[] = [];
  let length = 0;
  for await (const record of records) {
    batch.push(record);
    length += record.text.length;
    if (batch.length < BATCH && length < 2 ** 20) continue;
    yield batch;
    [batch, length] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

function parseRecords(
  batch: readonly CsvRecord[],
  separator: string,
  name: string,
  format: string,
): string[][] {
  const alone = (text: string) => parse(`\n${text}`, { separator }); // a mark of byte order is none amid a file
  const kept = (rows: string[][]) => {
    const hasReturns = batch.some(({ text }) => text.includes(RETURN));
    return hasReturns ? rows.map((row) => row.map((f) => f.replaceAll(RETURN, "\r"))) : rows;
  };
  try {
    const rows = parse(batch.map(({ text }) => text).join("\n"), { separator });
    if (rows.length === batch.length) return kept(rows);
    return kept(batch.map(({ text }) => alone(text)[0] ?? [""]));
  } catch (cause) {
    for (const { text, line } of batch) { // which of them it was
      try {
        alone(text);
      } catch {
        throw cannotRead(name, {
          found: `line ${line} has a quote inside a field or after one`,
          expected: `${format} with quotes around whole fields and doubled inside`,
        }, { cause });
      }
    }
    throw cause;
  }
}

function checkedHeader(fields: readonly string[], name: string): string[] {
  const header = fields.map((column) => column.trim());
  const seen = new Set<string>();
  const twice = header.find((column) => seen.size === seen.add(column).size);
  if (twice !== undefined) {
    throw cannotRead(name, {
      found: `column ${quote(twice)} is there twice`,
      expected: "each column once",
    });
  }
  return header;
}
