// Rows of a few plain columns as JSON lines or Parquet, streamed: one row group is in memory at a time, and the file
// appears whole or not at all.
import type { SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer/src/index.js";
import { streamFileDurably, writeAll } from "../durable.ts";

/** How pairs are written. */
export type PairsFormat = "jsonl" | "parquet";

/** What a column holds; each value may be null. */
export type ColumnKind = "text" | "real" | "int" | "reals" | "ints";

/** Columns by name, in order. */
export type Columns<R> = Readonly<Record<keyof R & string, ColumnKind>>;

/** Most rows of a row group, or of the JSON lines that are written at once. */
const GROUP_ROWS = 1000;
/** It ends before that at about so many bytes of values. */
const GROUP_BYTES = 16 * 2 ** 20;

const ELEMENTS: Readonly<Record<ColumnKind, Partial<SchemaElement>>> = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  real: { type: "DOUBLE" },
  reals: { type: "DOUBLE" },
  int: { type: "INT32" },
  ints: { type: "INT32" },
};

/**
 * Writes rows to a file as they come.
 *
 * @example
 * ```ts
 * import { readJsonl, writeRows } from "@leash/bpo/io";
 * import { assertEquals } from "@std/assert";
 * const dir = await Deno.makeTempDir();
 * const rows = [{ prompt: "Hi", ids: [1, 9] }, { prompt: null, ids: [] }];
 * await writeRows(`${dir}/rows.jsonl`, "jsonl", { prompt: "text", ids: "ints" }, rows);
 * assertEquals(await readJsonl(`${dir}/rows.jsonl`), rows);
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @param path Where; what is there is replaced once all rows are written.
 * @param format "jsonl" or "parquet".
 * @param columns The names of a row's fields and what they hold.
 * @param rows The rows, taken as they are written; what they throw passes through, and nothing is left.
 */
export async function writeRows<R>(
  path: string,
  format: PairsFormat,
  columns: Columns<R>,
  rows: AsyncIterable<R> | Iterable<R>,
): Promise<void> {
  await streamFileDurably(path, async (file) => {
    if (format === "parquet") await writeParquet(file, columns, rows);
    else {
      for await (const group of groups(rows)) {
        const text = group.map((row) => JSON.stringify(row) + "\n").join("");
        writeAll(file, new TextEncoder().encode(text));
      }
    }
  });
}

async function writeParquet<R>(
  file: Deno.FsFile,
  columns: Columns<R>,
  rows: AsyncIterable<R> | Iterable<R>,
): Promise<void> {
  const names = Object.keys(columns) as (keyof R & string)[];
  const writer = new ParquetWriter({
    writer: new FileWriter(file),
    schema: schemaOf(columns),
    statistics: false, // of texts they would be whole texts, held until the end
    createdBy: "leash",
  });
  for await (const group of groups(rows)) {
    const columnData = names.map((name) => ({
      name,
      data: group.map((row) => row[name]),
      offsetIndex: false,
    }));
    await writer.write({ columnData, rowGroupSize: group.length });
    writer.pendingIndexes = []; // there is none, and each would hold its pages
  }
  await writer.finish();
}

/** Keeps no more than a row group. */
class FileWriter extends ByteWriter {
  constructor(readonly file: Deno.FsFile) {
    super();
  }

  flush(): void {
    writeAll(this.file, this.getBytes());
    this.index = 0;
  }

  override finish(): void {
    this.flush();
  }
}

function schemaOf(columns: Readonly<Record<string, ColumnKind>>): SchemaElement[] {
  const schema: SchemaElement[] = [{ name: "root", num_children: Object.keys(columns).length }];
  for (const [name, kind] of Object.entries(columns)) {
    if (kind !== "ints" && kind !== "reals") {
      schema.push({ name, repetition_type: "OPTIONAL", ...ELEMENTS[kind] });
      continue;
    }
    schema.push(
      { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", repetition_type: "REQUIRED", ...ELEMENTS[kind] },
    );
  }
  return schema;
}

async function* groups<R>(rows: AsyncIterable<R> | Iterable<R>): AsyncGenerator<R[]> {
  let group: R[] = [];
  let bytes = 0;
  for await (const row of rows) {
    group.push(row);
    for (const value of Object.values(row as Record<string, unknown>)) {
      bytes += typeof value === "string"
        ? 2 * value.length
        : 8 * (Array.isArray(value) ? value.length : 1);
    }
    if (group.length < GROUP_ROWS && bytes < GROUP_BYTES) continue;
    yield group;
    [group, bytes] = [[], 0];
  }
  if (group.length > 0) yield group;
}
