// A model folder's tokenizer as transformers has it: tokenizer.json, or GPT-2's vocab.json and merges.txt, with the
// special tokens of tokenizer_config.json, special_tokens_map.json and generation_config.json.
import { CONFIG_BOUNDS, TOKENIZER_BOUNDS } from "../io/json_bounds.ts";
import { isObject, parseJsonObject, quote, refuseWrongDownload, show } from "../io/mistakes.ts";
import { edgeTokens } from "./edge_tokens.ts";
import { gpt2TokenizerJson } from "./gpt2_tokenizer.ts";
import {
  type ChatTemplateSource,
  findChatTemplate,
  pickChatTemplate,
} from "./pick_chat_template.ts";
import { type EncodeOptions, type Tokenizer, tokenizerFromJson } from "./tokenizer.ts";
import { type AddedToken, modelSize } from "./tokenizer_json.ts";

/** A model's tokenizer with all that its files say. */
export interface PretrainedTokenizer extends Tokenizer {
  /** Ids that end a generation: those of generation_config.json, and `eosId`. */
  readonly eosIds: readonly number[];
  /** Unknown-token id, if the model has one. */
  readonly unkId: number | undefined;
  /** Texts of the special tokens, as a chat template wants them. */
  readonly specialTokens: SpecialTokenTexts;
  /** Texts of all special tokens: what `allowSpecial: false` spells as plain text. */
  readonly allSpecial: readonly string[];
  /** Source of the model's chat template, or of several by name, if it has any. */
  readonly chatTemplate: ChatTemplateSource | undefined;
}

/** Texts of the special tokens. */
export interface SpecialTokenTexts {
  /** Begin of sequence. */
  readonly bosToken?: string;
  /** End of sequence. */
  readonly eosToken?: string;
  /** Padding. */
  readonly padToken?: string;
  /** Unknown. */
  readonly unkToken?: string;
}

/** How to make a tokenizer of its files. */
export interface PretrainedTokenizerOptions {
  /** Rows of the model's embedding: ids at or over it are refused. */
  readonly embeddingRows?: number;
  /** Which chat template alone, where there are several; default all of them, for a rendering to pick. */
  readonly chatTemplate?: string;
}

type Json = Record<string, unknown>;
type Read = (file: string) => Promise<Uint8Array | undefined>;

/** The vocabulary's own names where a GPT-2 or Llama folder has no tokenizer_config.json, as the classes have it. */
const CLASS_DEFAULTS: Record<string, Json> = {
  GPT2: { bos_token: "<|endoftext|>", eos_token: "<|endoftext|>", unk_token: "<|endoftext|>" },
  Llama: { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>" },
  Gemma: { bos_token: "<bos>", eos_token: "<eos>", unk_token: "<unk>", pad_token: "<pad>" },
  Qwen2: { eos_token: "<|endoftext|>", pad_token: "<|endoftext|>" },
};

/**
 * Reads a tokenizer from a model's files, wherever they are.
 *
 * Needs `tokenizer.json`, or `vocab.json` and `merges.txt`; reads `tokenizer_config.json`,
 * `special_tokens_map.json`, `generation_config.json`, `chat_template.jinja` and `chat_template.json` where they
 * are. `encode(text, { addSpecial: true })` puts begin and end tokens as transformers 5 does: as tokenizer.json's
 * post-processor says, and by `add_bos_token` and `add_eos_token` only where there is no tokenizer.json.
 *
 * @example
 * ```ts
 * import { readPretrainedTokenizer } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const files: Record<string, unknown> = {
 *   "vocab.json": { "<s>": 0, h: 1, i: 2, hi: 3 },
 *   "tokenizer_config.json": { bos_token: "<s>", add_bos_token: true, eos_token: "<s>", unk_token: "<s>" },
 * };
 * const read = (file: string) =>
 *   Promise.resolve(
 *     file === "merges.txt"
 *       ? new TextEncoder().encode("h i")
 *       : file in files
 *       ? new TextEncoder().encode(JSON.stringify(files[file]))
 *       : undefined,
 *   );
 * const tokenizer = await readPretrainedTokenizer(read, "my-model", { embeddingRows: 4 });
 * assertEquals(tokenizer.encode("hi", { addSpecial: true }), [0, 3]);
 * ```
 *
 * @param read The bytes of a file of the folder, or undefined where there is none.
 * @param folder What to call the folder in errors.
 * @param options `embeddingRows`: what ids are checked against; `chatTemplate`: which one.
 * @returns The tokenizer.
 * @throws {TypeError} If a file is missing or malformed; one line, with file and field.
 * @throws {RangeError} If the vocabulary is larger than the embedding.
 */
export async function readPretrainedTokenizer(
  read: (file: string) => Promise<Uint8Array | undefined>,
  folder: string,
  options: PretrainedTokenizerOptions = {},
): Promise<PretrainedTokenizer> {
  const { name, json } = await readTokenizerJson(read, folder);
  const config = await readJson(read, folder, "tokenizer_config.json") ?? {};
  const map = await readJson(read, folder, "special_tokens_map.json") ?? {};
  const generation = await readJson(read, folder, "generation_config.json") ?? {};
  const jinja = await read("chat_template.jinja");
  const templates = findChatTemplate({
    tokenizerConfig: config,
    jinja: jinja === undefined ? undefined : templateText(jinja, `${folder}/chat_template.jinja`),
    json: await readJson(read, folder, "chat_template.json"),
  });
  const whole = withDeclared(json, config);
  const special = specialTokens(config, map, name, `${folder}/tokenizer_config.json`);
  const ids = tokenIds(whole);
  const base = tokenizerFromJson(whole, { name });
  const { vocabSize } = base;
  const idOf = (key: string): number | undefined => {
    const token = special[key];
    return token === undefined
      ? generationId(generation, `${key}_id`, vocabSize, folder)
      : ids(token, key, folder);
  };
  const bosId = idOf("bos_token"), eosId = idOf("eos_token"), padId = idOf("pad_token");
  const { unk_token: unk } = special;
  const unkId = unk === undefined ? undefined : ids(unk, "unk_token", folder);
  const flags = name.endsWith("vocab.json") ? config : {}; // transformers 5 reads them only without a tokenizer.json
  const edges = edgeTokens(whole, flags, { bos: bosId, eos: eosId }, name);
  const eosIds = endIds(generation.eos_token_id, eosId, vocabSize, folder);
  for (const id of [...edges.first, ...edges.last]) {
    if (id < vocabSize) continue;
    throw new TypeError(
      `Cannot read ${name}: post_processor has the id ${id}, expected ids below ${vocabSize}`,
    );
  }
  const rows = options.embeddingRows ?? Infinity;
  const used = [modelSize(whole) - 1, ...edges.first, ...edges.last, bosId, eosId, padId];
  checkRows(Math.max(...used.map((id) => id ?? -1)), rows, name, base);
  const text = (id: number | undefined, key: string) => special[key] ?? tokenText(whole, id);
  return {
    ...{ ...base, bosId, eosId, padId },
    eosIds,
    unkId,
    specialTokens: {
      bosToken: text(bosId, "bos_token"),
      eosToken: text(eosId, "eos_token"),
      padToken: text(padId, "pad_token"),
      unkToken: special.unk_token,
    },
    allSpecial: addedTokens(whole).filter((token) => token.special).map(({ content }) => content),
    chatTemplate: options.chatTemplate === undefined || templates === undefined
      ? templates
      : pickChatTemplate(templates, folder, { name: options.chatTemplate }),
    encode(input: string, encode: EncodeOptions = {}): number[] {
      const inner = base.encode(input, encode);
      for (const id of inner) if (id >= rows) checkRows(id, rows, name, base);
      return encode.addSpecial ? [...edges.first, ...inner, ...edges.last] : inner;
    },
  };
}

async function readTokenizerJson(
  read: Read,
  folder: string,
): Promise<{ name: string; json: Json }> {
  const json = await readJson(read, folder, "tokenizer.json");
  if (json) return { name: `${folder}/tokenizer.json`, json };
  const [vocab, merges] = [await readJson(read, folder, "vocab.json"), await read("merges.txt")];
  if (vocab && merges) {
    return {
      name: `${folder}/vocab.json`,
      json: gpt2TokenizerJson(vocab, merges, `${folder}/merges.txt`),
    };
  }
  const model = await read("tokenizer.model");
  throw new TypeError(
    `Cannot read ${folder}: tokenizer.json is missing${model ? " beside tokenizer.model" : ""}, ` +
      "expected it, or vocab.json and merges.txt. " +
      "Save the tokenizer with transformers' save_pretrained",
  );
}

async function readJson(read: Read, folder: string, file: string): Promise<Json | undefined> {
  const bytes = await read(file);
  if (bytes === undefined) return undefined;
  refuseWrongDownload(bytes, `${folder}/${file}`, "a JSON file");
  const bounds = /^(tokenizer|vocab)\.json$/.test(file) ? TOKENIZER_BOUNDS : CONFIG_BOUNDS;
  return parseJsonObject(bytes, `${folder}/${file}`, "the file", bounds);
}

function addedTokens(json: Json): AddedToken[] {
  return Array.isArray(json.added_tokens) ? json.added_tokens : [];
}

/** Tokens that only tokenizer_config.json declares (`added_tokens_decoder`) are added, as transformers does. */
function withDeclared(json: Json, config: Json): Json {
  const declared = isObject(config.added_tokens_decoder) ? config.added_tokens_decoder : {};
  if (json.added_tokens !== undefined && !Array.isArray(json.added_tokens)) return json;
  const known = new Set(addedTokens(json).map((token) => isObject(token) ? token.content : ""));
  const more = Object.entries(declared).flatMap(([id, token]) => {
    if (!isObject(token) || typeof token.content !== "string" || known.has(token.content)) {
      return [];
    }
    return [{ ...token, id: Number(id), content: token.content }];
  });
  return { ...json, added_tokens: [...addedTokens(json), ...more] };
}

function tokenIds(json: Json): (token: string, key: string, folder: string) => number {
  const model = isObject(json.model) ? json.model : {};
  const vocab = isObject(model.vocab) ? model.vocab : {};
  const pieces = Array.isArray(model.vocab) ? model.vocab : [];
  const added = new Map(addedTokens(json).map((token) => [token?.content, token?.id]));
  return (token, key, folder) => {
    const piece = pieces.findLastIndex((entry) => Array.isArray(entry) && entry[0] === token);
    const id = added.get(token) ?? (Object.hasOwn(vocab, token) ? vocab[token] : undefined) ??
      (piece < 0 ? undefined : piece);
    if (typeof id === "number") return id;
    throw new TypeError(
      `Cannot read ${folder}: ${key} is ${quote(token)}, expected a token of the vocabulary`,
    );
  };
}

function tokenText(json: Json, id: number | undefined): string | undefined {
  return id === undefined ? undefined : addedTokens(json).find((token) => token.id === id)?.content;
}

/** Special tokens by their key: tokenizer_config.json goes before special_tokens_map.json, and the class last. */
function specialTokens(
  config: Json,
  map: Json,
  tokenizerFile: string,
  name: string,
): Record<string, string | undefined> {
  const ofGpt2 = tokenizerFile.endsWith("vocab.json");
  const named = typeof config.tokenizer_class === "string" ? config.tokenizer_class : "";
  const family = (ofGpt2 && named === "" ? "GPT2" : named).replace(/Tokenizer(Fast)?$/, "");
  const defaults = Object.hasOwn(CLASS_DEFAULTS, family) ? CLASS_DEFAULTS[family] : {};
  const found: Record<string, string | undefined> = {};
  for (const key of ["bos_token", "eos_token", "pad_token", "unk_token"]) {
    const value = key in config ? config[key] : key in map ? map[key] : defaults[key];
    if (value === null || value === undefined) continue;
    const text = isObject(value) ? value.content : value;
    if (typeof text !== "string") {
      throw new TypeError(`Cannot read ${name}: ${key} is ${show(value)}, expected text`);
    }
    found[key] = text;
  }
  return found;
}

/** An id of generation_config.json, the first where there are several; a padding id past the vocabulary is none. */
function generationId(
  generation: Json,
  key: string,
  size: number,
  folder: string,
): number | undefined {
  const value = generation[key];
  const id = Array.isArray(value) ? value[0] : value;
  if (id === undefined || id === null) return undefined;
  const isWhole = Number.isInteger(id);
  if (isWhole && id >= 0 && id < size) return id;
  if (isWhole && key === "pad_token_id") return undefined;
  throw new TypeError(
    `Cannot read ${folder}/generation_config.json: ${key} is ${
      show(value)
    }, expected ids below ${size}`,
  );
}

function templateText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.slice());
  } catch {
    throw new TypeError(`Cannot read ${name}: the file is not UTF-8, expected a Jinja template`);
  }
}

function endIds(value: unknown, eos: number | undefined, size: number, folder: string): number[] {
  const list = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  const bad = list.find((id) => !(Number.isInteger(id) && id >= 0 && id < size));
  if (bad !== undefined) {
    throw new TypeError(
      `Cannot read ${folder}/generation_config.json: eos_token_id is ${show(value)}, ` +
        `expected ids below ${size}`,
    );
  }
  return [...new Set(eos === undefined ? list : [eos, ...list])];
}

function checkRows(id: number, rows: number, name: string, tokenizer: Tokenizer): void {
  if (id < rows) return;
  throw new RangeError(
    `Cannot use ${name}: id ${id} (${
      quote(tokenizer.decode([id]) || "a special token")
    }) is past ` +
      `the embedding, expected ids below its ${rows} rows. Is it another model's tokenizer?`,
  );
}
