// Every parser with its malformed files: what lies beside a file, and how a user's program opens it.
import { openDevice } from "../../backend/mod.ts";
import { chatTemplate } from "../../core/text/template/chat_template.ts";
import { loadCheckpoint } from "../../files/checkpoint.ts";
import { openDataset } from "../../files/datasets/open_dataset.ts";
import { openGguf } from "../../core/formats/gguf/open.ts";
import { openLocalFile } from "../../files/local_file.ts";
import { openModel } from "../../files/open_model.ts";
import { loadPeftAdapter } from "../../core/formats/peft.ts";
import { openSafetensors, openShardedSafetensors } from "../../core/formats/safetensors_stream.ts";
import { parseModelConfig } from "../../core/model/config.ts";
import { streamModel } from "../../core/model/load.ts";
import { linearLayers } from "../../core/model/shapes.ts";
import { readPretrainedTokenizer } from "../../core/text/tokenizer/pretrained_tokenizer.ts";
import * as adapter from "./adapter.ts";
import { rows as chatTemplates } from "./chat_template.ts";
import { rows as checkpoints, wholeCheckpoint } from "./checkpoint.ts";
import { goodConfig, rows as configs } from "./config.ts";
import { rows as csv } from "./csv.ts";
import * as datasetConfigs from "./dataset_configs.ts";
import { rows as generationConfigs, wholeTokenizer } from "./generation_config.ts";
import { rows as gguf } from "./gguf.ts";
import { rows as huge } from "./huge.ts";
import * as index from "./index.ts";
import { rows as json } from "./json.ts";
import { rows as jsonl } from "./jsonl.ts";
import { rows as folders, wholeModel } from "./model_folder.ts";
import { rows as parquet } from "./parquet.ts";
import { type MalformedRow, rows as safetensors } from "./safetensors.ts";
import { rows as tokenizers } from "./tokenizer.ts";
import { rows as tsv } from "./tsv.ts";

/** A parser, its rows and its way in. */
export interface Parser {
  /** Its name in the table. */
  readonly name: string;
  /** Malformed files. */
  readonly rows: readonly MalformedRow[];
  /** Whole files that a row's file lies beside, or takes the place of. */
  readonly beside?: ReadonlyMap<string, () => Uint8Array>;
  /** What `leash inspect` is asked for; absent: the file itself; null: it has no report of such files. */
  readonly inspected?: ((folder: string) => readonly string[]) | null;
  /** Opens the file in its folder and reads all of it; throws as the table says. */
  open(folder: string, file: string): Promise<void>;
}

type Files = ReadonlyMap<string, () => Uint8Array>;
const lazy = (files: ReadonlyMap<string, Uint8Array>): Files =>
  new Map([...files].map(([name, bytes]) => [name, () => bytes]));
const below = (folder: string, files: Files): Files =>
  new Map([...files].map(([name, make]) => [`${folder}/${name}`, make]));
const tokenizerFile: Files = new Map([
  ["tokenizer.json", () => new TextEncoder().encode(JSON.stringify(wholeTokenizer))],
]);

async function dataset(folder: string, file: string): Promise<void> {
  const { rows } = await openDataset(`${folder}/${file}`);
  for await (const _ of rows());
}

async function tokenizer(folder: string): Promise<void> {
  const there = new Set([...Deno.readDirSync(folder)].map(({ name }) => name));
  const { encode } = await readPretrainedTokenizer(
    async (file) => there.has(file) ? await Deno.readFile(`${folder}/${file}`) : undefined,
    folder,
  );
  encode("a ab </s>");
}

async function model(folder: string): Promise<void> {
  using opened = await openModel(folder);
  using device = await openDevice({ kind: "cpu", threads: 1 });
  const { weights } = await streamModel(device, opened.config, opened.source);
  using _weights = weights;
}

const parsers: readonly Parser[] = [
  {
    name: "safetensors",
    rows: safetensors,
    async open(folder, file) {
      using source = await openSafetensors(await openLocalFile(`${folder}/${file}`));
      for (const tensor of source.tensors.keys()) await source.read(tensor);
    },
  },
  {
    name: "index",
    rows: index.rows,
    beside: lazy(index.shards),
    async open(folder, file) {
      const open = (name: string) => openLocalFile(`${folder}/${name}`);
      using source = await openShardedSafetensors(await open(file), open);
      for (const tensor of source.tensors.keys()) await source.read(tensor);
    },
  },
  {
    name: "adapter",
    // The rows are for a model of two layers; here it is one that can be opened, and the nearest names are its.
    rows: adapter.rows.map((row) => ({
      ...row,
      error: row.error.replace(
        /(linear layers of the model as ).*/,
        "$1model.layers.0.mlp.up_proj, model.layers.0.mlp.gate_proj, model.layers.0.mlp.down_proj",
      ),
    })),
    beside: new Map([...below("adapter", lazy(adapter.whole())), ...below("model", wholeModel)]),
    inspected: (folder) => [`${folder}/adapter`, "--model", `${folder}/model`],
    async open(folder) {
      const names = ["adapter_config.json", "adapter_model.safetensors"];
      const files = names.map(async (name) => {
        return [name, await Deno.readFile(`${folder}/adapter/${name}`)] as const;
      });
      const layers = linearLayers(parseModelConfig({ ...goodConfig }, "config.json"));
      loadPeftAdapter(new Map(await Promise.all(files)), layers, `${folder}/adapter`);
    },
  },
  {
    name: "gguf",
    rows: gguf,
    async open(folder, file) {
      const { source } = await openGguf(await openLocalFile(`${folder}/${file}`));
      using _source = source;
      for (const tensor of source.tensors.keys()) await source.read(tensor);
    },
  },
  {
    name: "config",
    rows: configs,
    beside: wholeModel,
    inspected: (folder) => [folder],
    open: model,
  },
  {
    name: "model_folder",
    rows: folders,
    beside: wholeModel,
    inspected: (folder) => [folder],
    open: model,
  },
  { name: "tokenizer", rows: tokenizers, open: tokenizer },
  {
    name: "generation_config",
    rows: generationConfigs,
    beside: tokenizerFile,
    open: tokenizer,
  },
  {
    name: "chat_template",
    rows: chatTemplates,
    beside: tokenizerFile,
    async open(folder, file) {
      const source = await Deno.readTextFile(`${folder}/${file}`);
      chatTemplate(source, { name: `${folder}/${file}` }).render([{ role: "user", content: "Hi" }]);
    },
  },
  {
    name: "checkpoint",
    rows: checkpoints,
    beside: wholeCheckpoint,
    inspected: null,
    open: async (folder) => void await loadCheckpoint(`${folder}/step-00000001`),
  },
  { name: "jsonl", rows: jsonl, open: dataset },
  { name: "json", rows: json, open: dataset },
  { name: "csv", rows: csv, open: dataset },
  { name: "tsv", rows: tsv, open: dataset },
  { name: "parquet", rows: parquet, open: dataset },
  {
    name: "dataset_configs",
    rows: datasetConfigs.rows,
    beside: datasetConfigs.data,
    inspected: (folder) => [folder],
    open: async (folder) => void await openDataset(folder),
  },
];

/** The table; huge files are among their parsers' rows. */
export const PARSERS: readonly Parser[] = parsers.map((parser) => {
  const more = huge.filter((row) => row.parser === parser.name);
  // The tokenizer's and the template's rows call the file "file"; here each has its own name.
  const rows = [...parser.rows, ...more].map((row) => {
    return { ...row, error: row.error.replace(/^(Cannot \w+) file:/, `$1 ${row.file}:`) };
  });
  return { ...parser, rows };
});

/** A folder with a row's file in it, among the whole ones, for one test. */
export async function folderOf(
  { beside = new Map() }: Parser,
  { file, bytes }: MalformedRow,
): Promise<Disposable & { readonly folder: string; readonly size: number }> {
  const folder = Deno.realPathSync(await Deno.makeTempDir({ prefix: "leash-malformed-" }));
  const isPickle = file === "pytorch_model.bin"; // it is there instead of the weights
  const content = await bytes();
  const files: [string, () => Uint8Array][] = [...beside, [file, () => content]];
  let size = 0;
  for (const [path, make] of files) {
    if (isPickle && path === "model.safetensors") continue;
    const at = `${folder}/${path}`;
    await Deno.mkdir(at.slice(0, at.lastIndexOf("/")), { recursive: true });
    const written = path === file ? content : make();
    size = Math.max(size, written.length);
    await Deno.writeFile(at, written);
  }
  return { folder, size, [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }) };
}

/** A message without the folder that a test happened to use. */
export function withoutFolder(message: string, folder: string): string {
  return message.replaceAll(`${folder}/`, "").replaceAll(folder, ".");
}
