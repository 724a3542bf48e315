// Parquet as rows, one row group after another: footer and pages are checked here, hyparquet unpacks the values.
import type { ColumnMetaData, FileMetaData } from "hyparquet";
import { parquetReadColumn } from "hyparquet/src/read.js";
import { exactFloat, ExactNumber, parseExact, settleRow } from "../../base/exact_number.ts";
import type { DatasetRow } from "../../text/rows/rows.ts";
import { refuseHugeJson, ROW_BOUNDS } from "../../base/json_bounds.ts";
import { quote } from "../../base/quote.ts";
import type { RandomAccessFile } from "../../base/random_access.ts";
import { type ParquetFooter, readFooter } from "./parquet_footer.ts";
import {
  type Budget,
  type Decompressors,
  plainChunk,
  PORTABLE,
  unfoldBudget,
} from "./parquet_pages.ts";
import { BadParquet } from "./thrift.ts";
import { cannotRead } from "../../base/mistake.ts";

/** What to read of a Parquet file, and how. */
export interface ParquetOptions {
  /** Names of the columns; default all. */
  readonly columns?: readonly string[];
  /** Functions that undo compressions; default portable ones. */
  readonly decompressors?: Partial<Decompressors>;
}

/**
 * Rows of a Parquet file: text, numbers, booleans, lists and structs; uncompressed or in SNAPPY, GZIP, ZSTD, BROTLI or
 * LZ4. One row group is in memory at a time. Integers of 64 bits become numbers where a double holds them, dates become ISO text.
 *
 * @example
 * ```ts
 * import { Mistake } from "@leash/bpo/core";
 * import { fileOfBytes, parquetRows } from "@leash/bpo/files";
 * import { assertRejects } from "@std/assert";
 * using file = fileOfBytes(new TextEncoder().encode("prompt,label"), "pairs.parquet");
 * await assertRejects(() => Array.fromAsync(parquetRows(file)), Mistake, 'begins with "prom"');
 * ```
 *
 * @param file The file; borrowed while it is read.
 * @param options `columns`, `decompressors`.
 * @returns Its rows, numbered from 1.
 * @throws {Mistake} While it is read: if the file is not Parquet, was cut, says more than its size allows, has pages
 * that are malformed, or uses a codec or an encoding that is not read; or a column is not there.
 */
export async function* parquetRows(
  file: RandomAccessFile,
  options: ParquetOptions = {},
): AsyncGenerator<DatasetRow> {
  const footer = await readFooter(file);
  const columns = options.columns ?? footer.columns;
  for (const column of columns) {
    if (footer.columns.includes(column)) continue;
    throw cannotRead(file.name, {
      found: `its columns are ${footer.columns.map(quote).join(", ")}`,
      expected: `${quote(column)} among them`,
    });
  }
  const decompressors = { ...PORTABLE, ...options.decompressors };
  let number = 0;
  for (const [g, group] of footer.groups.entries()) {
    const budget = unfoldBudget(group.chunks);
    const values: unknown[][] = [];
    for (const column of columns) {
      values.push(await readColumn(file, footer, g, column, decompressors, budget));
    }
    for (let i = 0; i < group.rows; i++) {
      const row = Object.fromEntries(columns.map((column, c) => [column, tidy(values[c][i])]));
      settleRow(row);
      yield { row, file: file.name, unit: "row", number: ++number };
    }
  }
}

/** Values of one top-level column in a row group: its chunks are checked, laid end to end and unpacked. */
async function readColumn(
  file: RandomAccessFile,
  footer: ParquetFooter,
  g: number,
  column: string,
  decompressors: Decompressors,
  budget: Budget,
): Promise<unknown[]> {
  const group = footer.groups[g];
  const fail = (what: string): never => {
    throw new BadParquet(file.name, `row group ${g + 1}: ${what}`);
  };
  const chunks = group.chunks.filter(({ leaf }) => leaf.path[0] === column);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const metadata: ColumnMetaData[] = [];
  let at = 0;
  for (const chunk of chunks) {
    const bytes = await file.read(chunk.start, chunk.length);
    const plain = await plainChunk(bytes, chunk, decompressors, budget, fail);
    const size = BigInt(plain.length);
    metadata.push({
      type: chunk.leaf.element.type!,
      encodings: [],
      path_in_schema: [...chunk.leaf.path],
      codec: "UNCOMPRESSED",
      num_values: BigInt(chunk.values),
      total_uncompressed_size: size,
      total_compressed_size: size,
      data_page_offset: BigInt(at),
    });
    parts.push(plain);
    at += plain.length;
  }
  const whole = new Blob(parts);
  const rows = BigInt(group.rows);
  const one: FileMetaData = {
    version: 2,
    schema: footer.schema,
    num_rows: rows,
    row_groups: [{
      columns: metadata.map((meta_data) => ({ file_offset: 0n, meta_data })),
      total_byte_size: BigInt(at),
      num_rows: rows,
    }],
    metadata_length: 0,
  };
  if (group.rows === 0) return [];
  let values: unknown[];
  try {
    values = Array.from(
      await parquetReadColumn({
        file: { byteLength: at, slice: (start, end) => whole.slice(start, end).arrayBuffer() },
        metadata: one,
        columns: [column],
        utf8: false,
        parsers: { stringFromBytes: strictText, jsonFromBytes: strictJson },
      }) as ArrayLike<unknown>,
    );
  } catch (error) {
    const why = error instanceof NotText ? error.message : "has pages that do not unpack";
    return fail(`column ${quote(column)} ${why}. Fetch the file again`);
  }
  const isFlat = chunks.length === 1 && chunks[0].leaf.path.length === 1 &&
    chunks[0].leaf.maxRepetition === 0;
  // A reference beyond the dictionary unpacks to undefined; a null list does too.
  if (values.length !== group.rows || isFlat && values.includes(undefined)) {
    fail(`column ${quote(column)} has pages that do not unpack. Fetch the file again`);
  }
  const floats = chunks.filter(({ leaf }) => ["FLOAT", "DOUBLE"].includes(leaf.element.type ?? ""));
  return floats.reduce((all, { leaf }) => all.map((value) => asFloats(value, leaf.path)), values);
}

/** Values of a leaf of floats, wherever it lies below structs and lists: 1.0 is no integer there. */
function asFloats(value: unknown, [, ...path]: readonly string[]): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? exactFloat(value) : value;
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) value = Array.from(value as unknown as ArrayLike<unknown>);
  if (Array.isArray(value)) return value.map((entry) => asFloats(entry, ["", ...path]));
  const struct = value as Record<string, unknown>;
  const at = path.findIndex((name) => Object.hasOwn(struct, name)); // lists have names of their own between
  if (at < 0) return value;
  return { ...struct, [path[at]]: asFloats(struct[path[at]], path.slice(at)) };
}

class NotText extends Error {}

function strictText(bytes: Uint8Array | undefined): unknown {
  if (!(bytes instanceof Uint8Array)) return bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotText("has text that is not UTF-8");
  }
}

function strictJson(bytes: Uint8Array | undefined): unknown {
  const text = strictText(bytes);
  if (typeof text !== "string") return text;
  try {
    refuseHugeJson(bytes!, "", "", ROW_BOUNDS);
  } catch {
    throw new NotText("has JSON of over a million values, or nested over 512 deep");
  }
  try {
    return parseExact(text);
  } catch {
    throw new NotText("has JSON that does not parse");
  }
}

/** Values as JSON has them, as far as it has them. */
function tidy(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array || value instanceof ExactNumber) return value;
  if (Array.isArray(value)) return value.map(tidy);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, tidy);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, tidy(entry)]));
}
