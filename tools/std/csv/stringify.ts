/** Rows and objects to CSV text, by `csv-stringify`. */
import { stringify as write } from "csv-stringify/sync";

/** An index of an array or a key of an object. */
export type PropertyAccessor = number | string;

/** A column with a header of its own; without one it is the last accessor. */
export type ColumnDetails = {
  header?: string;
  prop: PropertyAccessor | PropertyAccessor[];
};

/** A column: where its value is, and what it is called. */
export type Column = ColumnDetails | PropertyAccessor | PropertyAccessor[];

/** A row: an object, for which there must be columns, or an array. */
export type DataItem = Readonly<Record<string, unknown> | unknown[]>;

/** Options for {@link stringify}. */
export type StringifyOptions = {
  /** Whether the columns' headers come first; true by default. */
  headers?: boolean;
  /** Between fields; a comma by default. */
  separator?: string;
  /** What to write of each row. */
  columns?: readonly Column[];
  /** Whether a byte-order mark comes first; false by default. */
  bom?: boolean;
};

interface Path {
  header: string;
  keys: PropertyAccessor[];
}

function pathOf(column: Column): Path {
  const details = typeof column === "object" && !Array.isArray(column) ? column : { prop: column };
  const keys = [details.prop].flat() as PropertyAccessor[];
  return { header: (details as ColumnDetails).header ?? String(keys.at(-1)), keys };
}

/** The value at the end of a path; a path stops at the first value that is no object. */
function follow(item: unknown, keys: PropertyAccessor[]): unknown {
  let value = item;
  for (const key of keys) {
    if (typeof value !== "object" || value === null) continue;
    if (Array.isArray(value) && typeof key !== "number") {
      throw new TypeError('Property accessor is not of type "number"');
    }
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function valuesOf(item: DataItem, paths: Path[]): unknown[] {
  if (paths.length > 0) return paths.map((path) => follow(item, path.keys));
  if (Array.isArray(item)) return item;
  if (typeof item === "object") {
    throw new TypeError("No property accessor function was provided for object");
  }
  return [item];
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * Writes rows as CSV: lines end in CRLF, fields with a separator, a newline or a quote are quoted,
 * and formulas (`=1+1`) are not defused.
 *
 * @param data Rows.
 * @param options Columns, header, separator.
 * @throws {TypeError} For objects without columns, and for a separator with a quote or CRLF.
 */
export function stringify(data: readonly DataItem[], options?: StringifyOptions): string {
  const { headers = true, separator = ",", columns = [], bom = false } = options ?? {};
  if (separator.includes('"') || separator.includes("\r\n")) {
    throw new TypeError(
      "Separator cannot include the following strings:\n" +
        '  - U+0022: Quotation mark (")\n' +
        "  - U+000D U+000A: Carriage Return + Line Feed (\\r\\n)",
    );
  }
  const paths = columns.map(pathOf);
  const rows = data.map((item) => valuesOf(item, paths));
  if (headers && paths.length > 0) rows.unshift(paths.map((path) => path.header));
  return write(rows.map((row) => row.map(textOf)), {
    bom,
    delimiter: separator,
    quoted_match: /\n/,
    record_delimiter: "\r\n",
  });
}
