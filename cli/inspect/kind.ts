// Which reader a path calls for: by its name first, as people name files, then by its first bytes.
import { isObject } from "../../core/base/quote.ts";
import { isThere } from "../../files/durable/disk.ts";
import { bytesOf, headOf, nameOf } from "./files.ts";
import { isDataFile } from "../../files/datasets/file_formats.ts";

/** What a path looks like. */
export type PathKind =
  | "model"
  | "adapter"
  | "run"
  | "sft run"
  | "tokenizer folder"
  | "dataset folder"
  | "gguf"
  | "safetensors"
  | "index"
  | "config"
  | "adapter file"
  | "tokenizer"
  | "tokenizer config"
  | "template"
  | "dataset file";

const BY_NAME: readonly (readonly [pattern: Pick<RegExp, "test">, kind: PathKind])[] = [
  [/^adapter_(config\.json|model\.safetensors|model\.bin)$/, "adapter file"],
  [/\.safetensors\.index\.json$/, "index"],
  [/\.safetensors$/, "safetensors"],
  [/\.gguf$/i, "gguf"],
  [/^config\.json$/, "config"],
  [/^(tokenizer|vocab)\.json$|^merges\.txt$/, "tokenizer"],
  [
    /^(tokenizer_config|special_tokens_map|generation_config|added_tokens|chat_template)\.json$/,
    "tokenizer config",
  ],
  [/\.jinja2?$/, "template"],
  [{ test: (name) => isDataFile(name) && !/\.json$/i.test(name) }, "dataset file"],
];

/** What a folder holds. */
export async function folderKind(path: string): Promise<PathKind> {
  const has = (name: string) => isThere(`${path}/${name}`);
  if (await has("config.json")) {
    const [, run] = /"format"\s*:\s*"leash-(run|sft)-/.exec(await startOf(`${path}/config.json`)) ??
      [];
    if (run !== undefined) return run === "run" ? "run" : "sft run";
  }
  for (const name of ["adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"]) {
    if (await has(name)) return "adapter";
  }
  for (const name of ["config.json", "model.safetensors", "model.safetensors.index.json"]) {
    if (await has(name)) return "model";
  }
  for await (const { name } of Deno.readDir(path)) {
    if (name.toLowerCase().endsWith(".gguf")) return "model";
  }
  if (await has("tokenizer.json") || await has("vocab.json")) return "tokenizer folder";
  return "dataset folder";
}

async function startOf(path: string): Promise<string> {
  return new TextDecoder().decode(await headOf(path, 4096));
}

/** What a file holds. */
export async function fileKind(path: string): Promise<PathKind> {
  const name = nameOf(path);
  const named = BY_NAME.find(([pattern]) => pattern.test(name));
  if (named !== undefined) return named[1];
  const head = await headOf(path);
  const start = new TextDecoder("latin1").decode(head);
  if (start.startsWith("GGUF")) return "gguf";
  const isSafetensors = head.length >= 10 && head[8] === 0x7b &&
    head.subarray(4, 8).every((byte) => byte === 0);
  if (isSafetensors || start.startsWith("PK\u0003\u0004") || head[0] === 0x80) {
    return "safetensors"; // whose reader says what pickles and archives are
  }
  return name.endsWith(".json") ? await jsonKind(path) : "dataset file";
}

const MOST_JSON = 2 ** 26; // bytes: larger JSON is data

/** A JSON file of no known name, by the keys of its one object. */
async function jsonKind(path: string): Promise<PathKind> {
  if ((await Deno.stat(path)).size > MOST_JSON) return "dataset file";
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(await bytesOf(path)));
  } catch {
    return "dataset file"; // whose reader says what is wrong with it
  }
  if (!isObject(json)) return "dataset file";
  if (isObject(json.weight_map)) return "index";
  if ("model_type" in json && "architectures" in json) return "config";
  return "dataset file";
}
