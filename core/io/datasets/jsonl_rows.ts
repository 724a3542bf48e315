// JSON lines as rows, one line in memory at a time.
import type { DatasetRow } from "../../text/rows.ts";
import { refuseHugeJson, ROW_BOUNDS } from "../json_bounds.ts";
import { duplicateKey, isObject, quote } from "../mistakes.ts";
import type { RandomAccessFile } from "../random_access.ts";
import { parsePythonJson } from "./python_json.ts";
import { type ByteStream, byteStream, textLines } from "./text_lines.ts";

const WANTED = "JSON lines";

/**
 * Rows of a JSON-lines file; empty lines are passed over.
 *
 * @example
 * ```ts
 * import { fileOfBytes, jsonlRows } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using file = fileOfBytes(new TextEncoder().encode('{"prompt": "Hi"}\n'), "prompts.jsonl");
 * const [{ row, number }] = await Array.fromAsync(jsonlRows(file));
 * assertEquals([row, number], [{ prompt: "Hi" }, 1]);
 * ```
 *
 * @param file The file, or its bytes as they arrive; borrowed while it is read.
 * @returns Its objects with the lines at which they stand.
 * @throws {TypeError} While it is read: if a line is not UTF-8, not a JSON object, over 16 MiB long, or has a key
 * twice; or the file is empty, a web page or a Git LFS pointer.
 * @throws {RangeError} While it is read: if a line has over a million values, or is nested over 512 deep.
 */
export async function* jsonlRows(file: RandomAccessFile | ByteStream): AsyncGenerator<DatasetRow> {
  const stream = "parts" in file ? file : byteStream(file);
  for await (const { text, number } of textLines(stream, WANTED)) {
    if (text.trim() === "") continue;
    refuseHugeJson(new TextEncoder().encode(text), file.name, `line ${number}`, ROW_BOUNDS);
    yield { row: parseLine(text, file.name, number), file: file.name, unit: "line", number };
  }
}

function parseLine(text: string, name: string, number: number): Record<string, unknown> {
  let value: unknown, json: string;
  try {
    ({ value, json } = parsePythonJson(text));
  } catch {
    throw new TypeError(
      `Cannot read ${name}: line ${number} is not JSON, expected one object a line`,
    );
  }
  if (!isObject(value)) {
    const kind = Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
    throw new TypeError(
      `Cannot read ${name}: line ${number} is ${kind}, expected one object a line`,
    );
  }
  const twice = duplicateKey(json);
  if (twice !== undefined) {
    throw new TypeError(
      `Cannot read ${name}: line ${number} has the key ${quote(twice)} twice, ` +
        "expected each key once",
    );
  }
  return value;
}
