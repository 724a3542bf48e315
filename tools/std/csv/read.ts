/** Reads records by `csv-parse`, with line numbers and errors as the genuine parser has them. */
import { CsvError, parse as read } from "csv-parse/sync";
import { normalise } from "./dialect.ts";

/** Options for reading. */
export interface ReadOptions {
  /** Between fields; a comma by default. */
  separator?: string;
  /** Starts a line that is skipped; only as its very first character. */
  comment?: string;
  /** Whether spaces before a field are dropped. */
  trimLeadingSpace?: boolean;
  /** Whether a stray quote is a quote like any other character. */
  lazyQuotes?: boolean;
  /** Fields in each record: a number, 0 for as many as the first has, negative for any number. */
  fieldsPerRecord?: number;
  /** Whether the first row is taken away, as the header if there are no `columns`. */
  skipFirstRow?: boolean;
  /** The header; alone it leaves the first row among the data. */
  columns?: readonly string[];
}

/** A record under a header of known names. */
export type RecordWithColumn<C extends string> = string extends C
  ? Record<string, string | undefined>
  : Record<C, string>;

/** What the options make of the rows. */
export type ParseResult<ParseOptions, T> = T extends
  ParseOptions & { columns: readonly (infer C extends string)[] } ? RecordWithColumn<C>[]
  : T extends ParseOptions & { skipFirstRow: true } ? Record<string, string | undefined>[]
  : T extends ParseOptions & { columns?: undefined; skipFirstRow?: false | undefined } ? string[][]
  : Record<string, string | undefined>[] | string[][];

/** One record and the number of its line, where a record of many lines counts as one. */
export interface Line {
  fields: string[];
  line: number;
}

/**
 * The records of a text.
 *
 * @param text With any line ends.
 * @param options How it is to be read.
 * @param firstLine The number of its first line, for errors.
 * @throws {SyntaxError} If a quote is misplaced.
 */
export function readRecords(text: string, options: ReadOptions, firstLine = 1): Line[] {
  const { separator = ",", comment, trimLeadingSpace, lazyQuotes } = options;
  const dialect = { separator, comment, trimLeadingSpace, lazyQuotes };
  let lines = text.replaceAll("\r\n", "\n").replace(/\r$/, "");
  if (trimLeadingSpace || lazyQuotes) lines = normalise(lines, dialect, firstLine);
  try {
    const rows = read(lines, {
      delimiter: separator,
      record_delimiter: "\n",
      relax_column_count: true,
      skip_empty_lines: true,
      comment: trimLeadingSpace || lazyQuotes ? undefined : comment,
      comment_no_infix: true,
      info: true,
    }) as unknown as { record: string[]; info: Record<string, number> }[];
    return rows.map(({ record, info }) => ({
      fields: record,
      line: firstLine - 1 + info.records + info.empty_lines + info.comment_lines,
    }));
  } catch (error) {
    if (error instanceof CsvError) normalise(lines, dialect, firstLine); // throws in genuine words
    throw error;
  }
}

/** Puts a record under its header. */
export function underHeader(
  fields: string[],
  header: readonly string[],
  line: number,
): Record<string, unknown> {
  if (fields.length !== header.length) {
    throw new Error(
      `Syntax error on line ${line}: The record has ${fields.length} fields, ` +
        `but the header has ${header.length} fields`,
    );
  }
  return Object.fromEntries(header.map((name, i) => [name, fields[i]]));
}

/** Throws unless a record has the number of fields that was asked for. */
export function checkCount(found: number, wanted: number | undefined, line: number): void {
  if (wanted === undefined || found === wanted) return;
  throw new SyntaxError(`Syntax error on line ${line}: expected ${wanted} fields but got ${found}`);
}
