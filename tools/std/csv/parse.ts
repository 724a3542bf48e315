/** A whole CSV text at once. */
import { checkCount, type ParseResult, readRecords, underHeader } from "./read.ts";
import type { ReadOptions } from "./read.ts";

export type { ParseResult, RecordWithColumn } from "./read.ts";

/** Options for {@link parse}. */
export type ParseOptions = ReadOptions;

const BYTE_ORDER_MARK = "\ufeff";
const FORBIDDEN = ["\r", "\n", '"'];

/** Fields that each record must have; an empty or a comment line first means none, genuinely. */
function countWanted(text: string, options: ReadOptions, first: number | undefined) {
  const asked = options.fieldsPerRecord ?? -1;
  if (asked !== 0) return asked < 0 ? undefined : asked;
  const startsBlank = /^\r?\n/.test(text) ||
    Boolean(options.comment && text[0] === options.comment);
  return startsBlank ? 0 : first;
}

/**
 * Reads CSV into rows.
 *
 * @param input The text; a byte-order mark is dropped.
 */
export function parse(input: string): string[][];
/**
 * Reads CSV into rows, or into objects if there is `skipFirstRow` or `columns`.
 *
 * @param input The text; a byte-order mark is dropped.
 * @param options How to read it.
 * @throws {SyntaxError} If a quote is misplaced or a row has too few or too many fields.
 */
export function parse<const T extends ParseOptions>(
  input: string,
  options: T,
): ParseResult<ParseOptions, T>;
export function parse<const T extends ParseOptions>(
  input: string,
  options: T = { skipFirstRow: false } as T,
): ParseResult<ParseOptions, T> {
  const { separator = ",", comment } = options;
  if (
    FORBIDDEN.includes(separator) || comment !== undefined && FORBIDDEN.includes(comment) ||
    separator === comment
  ) throw new Error("Cannot parse input: invalid delimiter");
  const text = input.startsWith(BYTE_ORDER_MARK) ? input.slice(1) : input;
  const lines = readRecords(text, options);
  const wanted = countWanted(text, options, lines[0]?.fields.length);
  for (const { fields, line } of lines) checkCount(fields.length, wanted, line);
  const rows = lines.map((line) => line.fields);
  if (!options.skipFirstRow && !options.columns) return rows as ParseResult<ParseOptions, T>;

  let header: readonly string[] = [];
  if (options.skipFirstRow) {
    const first = rows.shift();
    if (!first) throw new TypeError("Cannot parse input: headers must be defined");
    header = first;
  }
  header = options.columns ?? header;
  const firstRow = options.skipFirstRow ? 2 : 1;
  return rows.map((row, i) => underHeader(row, header, firstRow + i)) as ParseResult<
    ParseOptions,
    T
  >;
}
