// How the files of a dataset are read, by what their names end in: a format is a reader and a line here.
import { zstdDecompressSync } from "node:zlib";
import { csvRows } from "../../core/formats/datasets/csv_rows.ts";
import { jsonRows } from "../../core/formats/datasets/json_rows.ts";
import { jsonlRows } from "../../core/formats/datasets/jsonl_rows.ts";
import { parquetRows } from "../../core/formats/datasets/parquet_rows.ts";
import { parsePythonJson } from "../../core/formats/datasets/python_json.ts";
import { type ByteStream, textLines } from "../../core/formats/datasets/text_lines.ts";
import type { RandomAccessFile } from "../../core/base/random_access.ts";
import type { DatasetRow } from "../../core/text/rows/rows.ts";

/** A file that is to be read. */
export interface DataFile {
  /** Anywhere in it. */
  readonly file: RandomAccessFile;
  /** From its start to its end, unpacked where it is gzipped. */
  readonly stream: ByteStream;
  /** Its first bytes, as they lie there. */
  readonly head: Uint8Array;
  /** Columns that are wanted; absent for all. */
  readonly columns?: readonly string[];
}

/** A format of files. */
export interface FileFormat {
  /** What names end in, the usual one first. */
  readonly endings: readonly string[];
  /** Whether it is read here and there, so that it cannot be gzipped. */
  readonly isRandom?: boolean;
  /** Its rows, in order. */
  rows(file: DataFile): AsyncIterable<DatasetRow>;
}

/** The formats that there are. */
export const FILE_FORMATS: readonly FileFormat[] = [
  { endings: ["jsonl", "ndjson"], rows: ({ stream }) => jsonlRows(stream) },
  {
    endings: ["json"],
    isRandom: true,
    rows: ({ file, head }) => isLines(head) ? jsonlRows(file) : jsonRows(file),
  },
  { endings: ["csv"], rows: ({ stream }) => csvRows(stream, { separator: "," }) },
  { endings: ["tsv"], rows: ({ stream }) => csvRows(stream, { separator: "\t" }) },
  {
    endings: ["parquet"],
    isRandom: true,
    rows: ({ file, columns }) => parquetRows(file, { columns, decompressors: { ZSTD: unzstd } }),
  },
  { endings: ["txt"], rows: ({ stream }) => textRows(stream) },
];

const ENDINGS = FILE_FORMATS.flatMap(({ endings }) => endings);
const DATA = new RegExp(`\\.(${ENDINGS.join("|")})(\\.gz)?$`, "i");

/** Whether a name is one of a data file. */
export function isDataFile(name: string): boolean {
  return DATA.test(name);
}

/** The usual endings as a sentence has them: ".jsonl, .json or .csv". */
export function usualEndings(): string {
  const usual = FILE_FORMATS.map(({ endings: [first] }) => `.${first}`);
  return `${usual.slice(0, -1).join(", ")} or ${usual.at(-1)}`;
}

/** The ending that says the format of a file: its name's, else what its first bytes look like. */
export function endingOf(name: string, head: Uint8Array): string {
  return DATA.exec(name)?.[1].toLowerCase() ?? sniff(head);
}

/** The format with an ending. */
export function formatOf(ending: string): FileFormat {
  return FILE_FORMATS.find(({ endings }) => endings.includes(ending))!;
}

/** What a file without an ending is; what is no Parquet and no JSON list is taken for JSON lines. */
function sniff(head: Uint8Array): string {
  const start = startOf(head);
  if (start.startsWith("PAR1")) return "parquet";
  return start.startsWith("[") ? "json" : "jsonl";
}

/** Whether a .json file holds a line an object: its first line is one, whole. */
function isLines(head: Uint8Array): boolean {
  const start = startOf(head);
  if (!start.startsWith("{")) return false;
  const end = start.indexOf("\n");
  if (end < 0 || start.slice(end).trim() === "") return false;
  try {
    parsePythonJson(start.slice(0, end));
    return true;
  } catch {
    return false;
  }
}

function startOf(head: Uint8Array): string {
  return new TextDecoder().decode(head).replace(/^\ufeff/, "").trimStart();
}

async function* textRows(stream: ByteStream): AsyncGenerator<DatasetRow> {
  for await (const { text, number } of textLines(stream, "text")) {
    if (text.trim() === "") continue;
    yield { row: { text }, file: stream.name, unit: "line", number };
  }
}

/** Deno's own decompressor checks what it reads. */
function unzstd(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array {
  return zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) });
}
