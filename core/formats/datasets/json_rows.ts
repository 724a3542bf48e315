// A JSON file as rows: a list of objects, or an object of columns. It is parsed whole, so its size has a limit.
import { parseRows } from "../../base/exact_number.ts";
import type { DatasetRow } from "../../text/rows/rows.ts";
import { refuseHugeJson, ROWS_BOUNDS } from "../../base/json_bounds.ts";
import { duplicateKey, refuseWrongDownload } from "../../base/json_object.ts";
import { isObject, quote } from "../../base/quote.ts";
import type { RandomAccessFile } from "../../base/random_access.ts";
import { parsePythonJson } from "./python_json.ts";
import { cannotRead } from "../../base/mistake.ts";

/** Largest JSON file, bytes; JSON lines have no limit. */
const MOST_BYTES = 128 * 2 ** 20;
const WANTED = "a list of objects or an object of columns";

/**
 * Rows of a JSON file.
 *
 * @example
 * ```ts
 * import { fileOfBytes, jsonRows } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const text = '{"prompt": ["Hi", "Bye"], "label": ["Hello", "See you"]}';
 * using file = fileOfBytes(new TextEncoder().encode(text), "pairs.json");
 * const rows = await Array.fromAsync(jsonRows(file), ({ row }) => row);
 * assertEquals(rows[1], { prompt: "Bye", label: "See you" });
 * ```
 *
 * @param file The file; borrowed while it is read.
 * @returns Its rows, numbered from 1.
 * @throws {Mistake} While it is read: if the file is not JSON in UTF-8, neither a list of objects nor an object of
 * columns of one length, has a key twice, or is over 128 MiB.
 * @throws {Mistake} While it is read: if it has over 2.5 million values, or is nested over 512 deep.
 */
export async function* jsonRows(file: RandomAccessFile): AsyncGenerator<DatasetRow> {
  const { name } = file;
  const value = await readJsonFile(file);
  const rows = Array.isArray(value) ? value : rowsOfColumns(value, name);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (!isObject(row)) {
      throw cannotRead(name, { found: `row ${i + 1} is ${kind(row)}`, expected: "an object" });
    }
    yield { row, file: name, unit: "row", number: i + 1 };
  }
}

/**
 * What a JSON file holds, within the bounds of a file of rows; `wanted` says in errors what it was to hold.
 *
 * @throws {Mistake} If it is not JSON in UTF-8, has a key twice, or is over 128 MiB.
 * @throws {Mistake} If it has over 2.5 million values, or is nested over 512 deep.
 */
export async function readJsonFile(
  file: RandomAccessFile,
  wanted: string = WANTED,
): Promise<unknown> {
  const { name, size } = file;
  if (size > MOST_BYTES) {
    throw cannotRead(name, {
      found: `it is ${size} bytes long`,
      expected: `at most ${MOST_BYTES}`,
      fix: "Write it as JSON lines, which are read one by one",
    });
  }
  const bytes = await file.read(0, size);
  refuseWrongDownload(bytes, name, wanted);
  refuseHugeJson(
    bytes,
    name,
    "the file",
    ROWS_BOUNDS,
    "Write it as JSON lines, which are read one by one",
  );
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw cannotRead(name, { found: "the file is not UTF-8", expected: wanted });
  }
  let value: unknown, json: string;
  try {
    const rows = (parsed: unknown) => Array.isArray(parsed) ? parsed : columnsOf(parsed);
    ({ value, json } = parsePythonJson(text, (json, revive) => parseRows(json, rows, revive)));
  } catch {
    throw cannotRead(name, { found: "the file is not JSON", expected: wanted });
  }
  const twice = typeof value === "object" && value !== null ? duplicateKey(json) : undefined;
  if (twice !== undefined) {
    throw cannotRead(name, {
      found: `an object has the key ${quote(twice)} twice`,
      expected: "each key once",
    });
  }
  return value;
}

/** An object of columns is settled column by column, as a row is. */
function columnsOf(parsed: unknown): readonly unknown[] {
  return isObject(parsed) ? [parsed] : [];
}

function rowsOfColumns(value: unknown, name: string): Record<string, unknown>[] {
  if (!isObject(value)) {
    throw cannotRead(name, { found: `the file is ${kind(value)}`, expected: WANTED });
  }
  const columns: [name: string, values: unknown[]][] = [];
  for (const [column, values] of Object.entries(value)) {
    if (!Array.isArray(values)) {
      throw cannotRead(name, {
        found: `column ${quote(column)} is ${kind(values)}`,
        expected: "a list",
        fix: "The file is one object: give a list of objects or an object of columns",
      });
    }
    columns.push([column, values]);
    const [first, { length }] = columns[0];
    if (values.length !== length) {
      throw cannotRead(name, {
        found: `column ${quote(column)} has ${values.length} values`,
        expected: `${length} as in ${quote(first)}`,
      });
    }
  }
  return Array.from(
    { length: columns[0]?.[1].length ?? 0 },
    (_, i) => Object.fromEntries(columns.map(([column, values]) => [column, values[i]])),
  );
}

function kind(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value)
    ? "a list"
    : `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}
