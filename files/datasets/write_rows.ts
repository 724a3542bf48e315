// Rows of a few plain columns as JSON lines or Parquet, streamed: one row group is in memory at a time, and the file
// appears whole or not at all.
import type { SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer/src/index.js";
import { streamFileDurably } from "../durable/file.ts";
import { writeAll } from "../durable/disk.ts";
import type { ColumnKind } from "../../core/formats/datasets/trl_columns.ts";

/** How pairs are written. */
export type PairsFormat = "jsonl" | "parquet";

/** Columns by name, in order. */
export type Columns<R> = Readonly<Record<keyof R & string, ColumnKind>>;

/** Most rows of a row group, or of the JSON lines that are written at once. */
const GROUP_ROWS = 1000;
/** It ends before that at about so many bytes of values. */
const GROUP_BYTES = 16 * 2 ** 20;

const ELEMENTS: Readonly<
  Record<Exclude<ColumnKind & string, "ints" | "reals">, Partial<SchemaElement>>
> = {
  json: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  real: { type: "DOUBLE" },
  int: { type: "INT32" },
};

/**
 * Writes rows to a file as they come.
 *
 * @example
 * ```ts
 * import { readJsonl, writeRows } from "@leash/bpo/files";
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
      data: group.map((row) => plain(row[name], columns[name])),
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

/** A value as the schema has it: only the fields that it names, what is "json" as text. */
function plain(value: unknown, kind: ColumnKind): unknown {
  if (value === null || value === undefined) return null;
  if (kind === "json") return typeof value === "string" ? value : JSON.stringify(value);
  if (typeof kind === "string") return value;
  if ("list" in kind) return (value as unknown[]).map((entry) => plain(entry, kind.list));
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(kind.fields).map(([name, of]) => [name, plain(fields[name], of)]),
  );
}

function schemaOf(columns: Readonly<Record<string, ColumnKind>>): SchemaElement[] {
  return [
    { name: "root", num_children: Object.keys(columns).length },
    ...Object.entries(columns).flatMap(([name, kind]) => elementsOf(name, kind)),
  ];
}

function elementsOf(
  name: string,
  kind: ColumnKind,
  repetition_type: "OPTIONAL" | "REQUIRED" = "OPTIONAL",
): SchemaElement[] {
  if (kind === "ints" || kind === "reals") {
    return listOf(name, elementsOf("element", kind === "ints" ? "int" : "real", "REQUIRED"));
  }
  if (typeof kind === "string") return [{ name, repetition_type, ...ELEMENTS[kind] }];
  if ("list" in kind) return listOf(name, elementsOf("element", kind.list));
  const fields = Object.entries(kind.fields);
  return [
    { name, repetition_type, num_children: fields.length },
    ...fields.flatMap(([field, of]) => elementsOf(field, of)),
  ];
}

function listOf(name: string, element: readonly SchemaElement[]): SchemaElement[] {
  return [
    { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    ...element,
  ];
}

async function* groups<R>(rows: AsyncIterable<R> | Iterable<R>): AsyncGenerator<R[]> {
  let group: R[] = [];
  let bytes = 0;
  for await (const row of rows) {
    group.push(row);
    for (const value of Object.values(row as Record<string, unknown>)) {
      bytes += sizeOf(value);
    }
    if (group.length < GROUP_ROWS && bytes < GROUP_BYTES) continue;
    yield group;
    [group, bytes] = [[], 0];
  }
  if (group.length > 0) yield group;
}

/** Bytes of a value, roughly. */
function sizeOf(value: unknown): number {
  if (typeof value === "string") return 2 * value.length;
  if (typeof value !== "object" || value === null) return 8;
  return Object.values(value).reduce<number>((sum, entry) => sum + sizeOf(entry), 0);
}
