// Datasets: each reader, and what becomes of its rows as examples.
import { zstdDecompressSync } from "node:zlib";
import { declaredConfigs, filesOfConfig } from "../../core/formats/datasets/dataset_configs.ts";
import { csvRows } from "../../core/formats/datasets/csv_rows.ts";
import { jsonlRows } from "../../core/formats/datasets/jsonl_rows.ts";
import { jsonRows } from "../../core/formats/datasets/json_rows.ts";
import { parquetRows } from "../../core/formats/datasets/parquet_rows.ts";
import { fileOfBytes, type RandomAccessFile } from "../../core/base/random_access.ts";
import { toExamples } from "../../core/text/rows/examples.ts";
import type { DatasetRow } from "../../core/text/rows/rows.ts";
import { parquetMutator } from "./mutate_binary.ts";
import { jsonLinesMutator, jsonMutator } from "./mutate_json.ts";
import { configsMutator, tableMutator } from "./mutate_text.ts";
import type { Mutator } from "./mutate_bytes.ts";
import type { Input, Target } from "./target.ts";

const CONFIGS = [
  "- config_name: en\n  data_files:\n  - split: train\n    path: en/train-*\n  - split: test\n    path:\n    - en/b\n",
  "- {config_name: default, data_dir: ./en, sep: ';'}\n- config_name: fr\n  default: true\n  data_files: ['*']\n",
  "- config_name: &a en # x\n  data_files: &b\n  - |\n    en/**\n  - >-\n    b\n- config_name: fr\n  data_files: *b\n",
];
const NAMES = ["en/train-1.csv", "en/test.csv", "en/b", "b", "fr/dev.csv"];

const ROWS: readonly Record<string, unknown>[][] = [
  [
    { prompt: "Hi", chosen: "Hello, you", rejected: "Go" },
    { prompt: "Bye", chosen: 'say "x"', rejected: "é\n" },
  ],
  [{ chosen: "\n\nHuman: a\n\nAssistant: b", rejected: "\n\nHuman: a\n\nAssistant: c" }],
  [{
    messages: [{ role: "user", content: "a" }, { role: "assistant", content: "b" }],
    tools: [{ type: "function", function: { name: "f", parameters: {} } }],
  }],
  [{ prompt: "a", completion: "b", label: true }, { prompt: "a", completion: "c", label: false }],
  [{ text: "one" }, { text: "two" }],
  [{
    prompt: [{ role: "user", content: "a" }],
    chosen: [{ role: "assistant", content: "b" }],
    rejected: "",
  }],
];

const text = (file: string, content: string): Input => {
  return { file, bytes: new TextEncoder().encode(content) };
};
const table = (rows: Record<string, unknown>[], separator: string) => {
  const cell = (value: unknown) => `"${String(value).replaceAll('"', '""')}"`;
  const lines = rows.map((row) => Object.values(row).map(cell).join(separator));
  return [Object.keys(rows[0]).join(separator), ...lines].join("\n") + "\n";
};

function target(
  name: string,
  seeds: () => Input[] | Promise<Input[]>,
  mutator: Mutator,
  read: (file: RandomAccessFile) => AsyncIterable<DatasetRow>,
): Target {
  return {
    name,
    seeds: async () => await seeds(),
    mutators: () => [mutator],
    async parse({ file, bytes }) {
      using opened = fileOfBytes(bytes, file);
      for await (const _ of toExamples(read(opened)));
    },
  };
}

const FIXTURES = new URL("../../tests/fixtures/parquet/", import.meta.url);

/** The readers of data files. */
export const DATASET_TARGETS: readonly Target[] = [
  target(
    "jsonl",
    () => ROWS.map((rows) => text("a.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"))),
    jsonLinesMutator,
    jsonlRows,
  ),
  target(
    "json",
    () => [
      ...ROWS.map((rows) => text("a.json", JSON.stringify(rows))),
      text("a.json", '{"prompt":["a","b"],"chosen":["c","d"],"rejected":["e",""]}'),
    ],
    jsonMutator,
    jsonRows,
  ),
  target("csv", () => ROWS.map((rows) => text("a.csv", table(rows, ","))), tableMutator, csvRows),
  target("tsv", () => ROWS.map((rows) => text("a.tsv", table(rows, "\t"))), tableMutator, csvRows),
  target(
    "parquet",
    async () => {
      const names = [
        ...["plain", "snappy", "gzip_v2", "brotli", "zstd_v2", "lz4_v2", "delta"],
        ...["split", "split_v2"],
      ];
      return await Promise.all(names.map(async (name) => {
        return {
          file: "a.parquet",
          bytes: await Deno.readFile(new URL(`${name}.parquet`, FIXTURES)),
        };
      }));
    },
    parquetMutator,
    (file) => parquetRows(file, { decompressors: { ZSTD: unzstd } }),
  ),
  {
    name: "dataset_configs",
    seeds: () =>
      Promise.resolve(
        CONFIGS.map((configs) => text("README.md", `---\nconfigs:\n${configs}---\n`)),
      ),
    mutators: () => [configsMutator],
    parse({ file, bytes }) {
      const configs = declaredConfigs(new TextDecoder().decode(bytes), file);
      for (const { name, splits } of configs.slice(0, 1)) {
        filesOfConfig(file, configs, NAMES, `${name}/${splits[0]?.split ?? "train"}`);
      }
      return Promise.resolve();
    },
  },
];

/** As datasets are opened in Deno. */
function unzstd(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array {
  return zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) });
}
