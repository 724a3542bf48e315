// JSON lines as rows, one line in memory at a time.
import { parseRows } from "../../base/exact_number.ts";
import type { DatasetRow } from "../../text/rows/rows.ts";
import { refuseHugeJson, ROW_BOUNDS } from "../../base/json_bounds.ts";
import { duplicateKey } from "../../base/json_object.ts";
import { isObject, quote } from "../../base/quote.ts";
import type { RandomAccessFile } from "../../base/random_access.ts";
import { parsePythonJson } from "./python_json.ts";
import { type ByteStream, byteStream, textLines } from "./text_lines.ts";
import { cannotRead } from "../../base/mistake.ts";

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
 * @throws {Mistake} While it is read: if a line is not UTF-8, not a JSON object, over 16 MiB long, or has a key
 * twice; or the file is empty, a web page or a Git LFS pointer.
 * @throws {Mistake} While it is read: if a line has over a million values, or is nested over 512 deep.
 */
export async function* jsonlRows(file: RandomAccessFile | ByteStream): AsyncGenerator<DatasetRow> {
  const stream = "parts" in file ? file : byteStream(file);
  const { name } = file;
  for await (const { value, number } of jsonLines(stream, "one object a line")) {
    if (!isObject(value)) {
      const kind = Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
      throw cannotRead(name, { found: `line ${number} is ${kind}`, expected: "one object a line" });
    }
    yield { row: value, file: name, unit: "line", number };
  }
}

/** The values of JSON lines, each on a line of its own; `wanted` says in errors what they were to be. */
export async function* jsonLines(
  stream: ByteStream,
  wanted: string,
): AsyncGenerator<{ readonly value: unknown; readonly number: number }> {
  const { name } = stream;
  for await (const { text, number } of textLines(stream, "JSON lines")) {
    if (text.trim() === "") continue;
    refuseHugeJson(new TextEncoder().encode(text), name, `line ${number}`, ROW_BOUNDS);
    let value: unknown, json: string;
    try {
      const rows = (row: unknown) => [row];
      ({ value, json } = parsePythonJson(text, (json, revive) => parseRows(json, rows, revive)));
    } catch {
      throw cannotRead(name, { found: `line ${number} is not JSON`, expected: wanted });
    }
    const twice = duplicateKey(json);
    if (twice !== undefined) {
      throw cannotRead(name, {
        found: `line ${number} has the key ${quote(twice)} twice`,
        expected: "each key once",
      });
    }
    yield { value, number };
  }
}
