// A dataset as people name it, a file, a folder, a pattern or an id, as one stream of rows: which files, in which order,
// and which reader each needs.
import type { DatasetRow } from "../../core/text/rows/rows.ts";
import { openLocalFile } from "../local_file.ts";
import { quote } from "../../core/base/quote.ts";
import type { RandomAccessFile } from "../../core/base/random_access.ts";
import { readSmallFile } from "../small_file.ts";
import { gunzip } from "../../core/formats/datasets/gunzip.ts";
import {
  declaredConfigs,
  filesOfConfig,
  folderConfigs,
} from "../../core/formats/datasets/dataset_configs.ts";
import { globFiles, isGlob } from "./glob.ts";
import { splitMeant, splitOf } from "../../core/formats/datasets/split_names.ts";
import { type ByteStream, byteStream } from "../../core/formats/datasets/text_lines.ts";
import { cannotRead, Mistake } from "../../core/base/mistake.ts";
import { endingOf, formatOf, isDataFile, usualEndings } from "./file_formats.ts";

/** Files of a hub's folder that are about the data. */
const ABOUT = /(^|\/)(dataset_infos?|state|config|package|README)\.\w+$/i;

/** What is looked at to tell a format: long enough for the first line of most files. */
const SNIFFED_BYTES = 2 ** 20;
/** Longest README.md whose header is looked at. */
const MOST_README_BYTES = 16 * 2 ** 20;

/** How to open a dataset. */
export interface OpenDatasetOptions {
  /**
   * Which part of a folder or pattern: "train", "test", "validation", or a word of the files' own. Of a dataset with
   * several configs: "CONFIG/train", or "CONFIG" where that has one split.
   */
  readonly split?: string;
  /** Names of the columns to read of Parquet files; default all. */
  readonly columns?: readonly string[];
  /** Fetches a hub's dataset by id and revision into a folder, and returns the folder. */
  readonly fetchHub?: (id: string, revision: string | undefined) => Promise<string>;
}

/** A dataset's files, and their rows one by one. */
export interface Dataset {
  /** The files, in the order in which they are read. */
  readonly files: readonly string[];
  /** Opens and reads them, one at a time. */
  rows(): AsyncGenerator<DatasetRow>;
}

/**
 * Opens a dataset: JSON lines, JSON, CSV, TSV, Parquet or plain text (a row a line, its column `text`), text also
 * gzipped. The format is what a file's name ends in, except that JSON which holds a line an object is read as JSON
 * lines, and a file whose name says nothing is looked into.
 *
 * @example
 * ```ts
 * import { openDataset } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const dir = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${dir}/a.csv`, "prompt,label\nHi,Hello\n");
 * await Deno.writeTextFile(`${dir}/b.jsonl`, '{"prompt": "Bye", "label": "See you"}\n');
 * const dataset = await openDataset(dir);
 * const prompts = await Array.fromAsync(dataset.rows(), ({ row }) => row.prompt);
 * assertEquals(prompts, ["Hi", "Bye"]);
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @param source A file, a folder (read with the folders in it), a pattern (`data/*.jsonl`, `**`, `{a,b}`), or, with
 * `fetchHub`, an id `owner/name[@revision]`.
 * @param options `split`, `columns`, `fetchHub`.
 * @returns The files, which are there; nothing is read of them yet.
 * @throws {Mistake} If nothing is there, no file holds data, the files are of several splits or configs and none is
 * said, or a README.md declares configs that cannot be read; while it is read, what the readers throw.
 * @throws {Mistake} If a README.md is over 16 MiB long, its header over 1048576 characters, or a split's patterns
 * over 16384.
 */
export async function openDataset(
  source: string,
  options: OpenDatasetOptions = {},
): Promise<Dataset> {
  const files = await findFiles(source, options);
  async function* rows(): AsyncGenerator<DatasetRow> {
    for (const path of files) {
      using file = await openLocalFile(path);
      yield* fileRows(file, options);
    }
  }
  return { files, rows };
}

async function findFiles(source: string, options: OpenDatasetOptions): Promise<string[]> {
  const there = await kindOf(source);
  if (there === "file") return [source];
  if (there === "folder") {
    return await folderFiles(source, source, options);
  }
  if (isGlob(source)) {
    const files = await globFiles(source);
    if (files.length > 0 && options.split === undefined) return files; // a pattern says what it means
    if (files.length > 0) return oneSplit(source, files, options);
    throw new Mistake("file", {
      verb: "open",
      thing: source,
      found: "no file matches",
      expected: "data files",
    });
  }
  const [, id, revision] = /^([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/.exec(source) ?? [];
  if (id !== undefined && options.fetchHub !== undefined && !id.startsWith(".")) {
    return await folderFiles(source, await options.fetchHub(id, revision), options);
  }
  throw new Mistake("file", {
    verb: "open",
    thing: source,
    found: "it is missing",
    expected: "a data file, a folder or a pattern",
  });
}

async function kindOf(path: string): Promise<"file" | "folder" | undefined> {
  try {
    return (await Deno.stat(path)).isDirectory ? "folder" : "file";
  } catch (error) {
    const isNone = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (isNone) return undefined;
    throw error;
  }
}

/** A folder's own name is no pattern. */
function escape(folder: string): string {
  return folder.replace(/\/+$/, "").replace(/[*?{[]/g, "[$&]");
}

/** The data files of a folder: of the config and split that are meant. */
async function folderFiles(
  source: string,
  folder: string,
  options: OpenDatasetOptions,
): Promise<string[]> {
  const root = `${folder.replace(/\/+$/, "")}/`;
  const files = await globFiles(`${escape(folder)}/**`);
  const data = files.filter((file) => isDataFile(file) && !ABOUT.test(file));
  if (data.length === 0) {
    throw new Mistake("file", {
      verb: "open",
      thing: source,
      found: `it has no ${usualEndings()}`,
      expected: "data files",
    });
  }
  const names = data.map((file) => file.slice(root.length));
  const readme = await readSmallFile(`${root}README.md`, MOST_README_BYTES);
  const declared = readme === undefined
    ? []
    : declaredConfigs(new TextDecoder().decode(readme), `${root}README.md`);
  const configs = declared.length > 0 ? declared : folderConfigs(names);
  if (configs.length === 0) return oneSplit(source, data, options);
  return filesOfConfig(source, configs, names, options.split).map((name) => root + name);
}

/** Training on a test split unawares is the mistake to prevent: several splits need a word. */
function oneSplit(source: string, files: string[], { split }: OpenDatasetOptions): string[] {
  if (split !== undefined) {
    const wanted = splitMeant(split);
    const those = files.filter((file) => splitOf(file, split) === wanted);
    if (those.length > 0) return those;
  }
  const splits = [...new Set(files.map((file) => splitOf(file)))].filter((name) => name !== "");
  if (split === undefined && splits.length < 2) return files;
  const found = splits.length > 0 ? `the splits ${splits.sort().join(", ")}` : "no splits";
  throw new Mistake("file", {
    verb: "open",
    thing: source,
    found: `it has ${found}`,
    expected: split === undefined ? "one. Say which by split" : quote(split),
  });
}

/** Rows of one file, by the reader that its name or its first bytes call for. */
async function* fileRows(
  file: RandomAccessFile,
  { columns }: OpenDatasetOptions,
): AsyncGenerator<DatasetRow> {
  const head = await file.read(0, Math.min(file.size, SNIFFED_BYTES));
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const name = file.name.replace(/\.gz$/i, "");
  const ending = endingOf(name, head);
  const { isRandom, rows } = formatOf(ending);
  if (isGzip && isRandom) {
    throw cannotRead(file.name, {
      found: "it is gzipped",
      expected: `${ending} as it is`,
      fix: "Unpack it first",
    });
  }
  const stream = isGzip ? unzipped(file) : byteStream(file);
  yield* rows({ file, stream, head, columns });
}

function unzipped(file: RandomAccessFile): ByteStream {
  async function* parts(): AsyncGenerator<Uint8Array> {
    try {
      yield* gunzip(byteStream(file).parts);
    } catch (cause) {
      throw cannotRead(file.name, {
        found: "its gzip data is malformed",
        expected: "a whole gzip file",
        fix: "Fetch the file again",
      }, { cause });
    }
  }
  return { name: file.name, parts: parts() };
}
