// Fingerprints of what an identity names: a model beside its weights, and an adapter with its scale.
import { exactStringify } from "../../core/base/exact_json.ts";
import { openGgufFile } from "../../files/gguf_file.ts";
import { isObject } from "../../core/base/quote.ts";
import { readSmallFile } from "../../files/small_file.ts";
import type { StoredAdapter } from "./adapter_files.ts";
import type { BaseModel } from "./base_model.ts";
import { sha256 } from "../../core/base/sha256.ts";
import type { Identity } from "../folder/identity.ts";

/** Files of a model's folder that its tokenizer is made of. */
const TOKENIZER_FILES = ["tokenizer.json", "vocab.json", "merges.txt", "special_tokens_map.json"];

/** Fingerprints of what a model is beside its weights. */
export async function basePrints(
  { opened, sizes, positions }: BaseModel,
): Promise<Pick<Identity, "settings" | "tokenizer" | "template">> {
  const print = (value: unknown) => sha256(exactStringify(value)!);
  const settings = await print({ sizes, positions });
  if (opened === undefined) return { settings };
  const template = opened.tokenizer?.chatTemplate;
  return {
    settings,
    tokenizer: await print(opened.gguf ? await ggufWords(opened.path) : await words(opened.path)),
    ...(template === undefined ? {} : { template: await print(template) }),
  };
}

async function ggufWords(path: string): Promise<unknown> {
  const { source, tokenizerJson, tokenizerConfig } = await openGgufFile(path);
  using _closed = source;
  return [tokenizerJson, withoutTemplate(tokenizerConfig)];
}

async function words(dir: string): Promise<unknown> {
  const prints: Record<string, unknown> = {};
  for (const file of TOKENIZER_FILES) {
    const bytes = await readSmallFile(`${dir}/${file}`);
    if (bytes !== undefined) prints[file] = await sha256(bytes);
  }
  const config = await readSmallFile(`${dir}/tokenizer_config.json`);
  return [prints, config && withoutTemplate(JSON.parse(new TextDecoder().decode(config)))];
}

/** The template has a fingerprint of its own. */
function withoutTemplate(config: unknown): unknown {
  if (!isObject(config)) return config;
  const { chat_template: _template, ...rest } = config;
  return rest;
}

/** Fingerprint of an adapter: its weights, and what they are multiplied by. */
export async function adapterPrint({ digest, layout }: StoredAdapter): Promise<string> {
  return await sha256(`${digest} ${layout.rank} ${layout.scale}`);
}
