// A model folder's tokenizer as transformers has it: tokenizer.json, or GPT-2's vocab.json and merges.txt, with what
// the files beside it say of special tokens, end ids and chat templates.
import { isObject, quote, show } from "../../base/quote.ts";
import { edgeTokens } from "./edge_tokens.ts";
import { gpt2TokenizerJson } from "./gpt2_tokenizer.ts";
import { type ChatTemplateSource, pickChatTemplate } from "../template/pick_chat_template.ts";
import { type EncodeOptions, type Tokenizer, tokenizerFromJson } from "./tokenizer.ts";
import { modelSize } from "./tokenizer_json.ts";
import {
  addedTokens,
  readJson,
  readTokenizerSettings,
  withDeclared,
} from "./tokenizer_settings.ts";
import { cannotRead, Mistake } from "../../base/mistake.ts";

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
  /** Texts of all tokens that were added to the vocabulary, special or not. */
  readonly allAdded: readonly string[];
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
  /** Names of the files in a folder below the model's; default: only the templates of well-known names are asked for. */
  readonly list?: (folder: string) => Promise<readonly string[]>;
  /** Which chat template alone, where there are several; default all of them, for a rendering to pick. */
  readonly chatTemplate?: string;
}

type Json = Record<string, unknown>;
type Read = (file: string) => Promise<Uint8Array | undefined>;

/**
 * Reads a tokenizer from a model's files, wherever they are.
 *
 * Needs `tokenizer.json`, or `vocab.json` and `merges.txt`; reads `tokenizer_config.json`, `special_tokens_map.json`,
 * `added_tokens.json`, `generation_config.json`, `chat_template.jinja`, `chat_template.json` and
 * `additional_chat_templates/` where they are. A padding token past the embedding counts as none: nothing is padded.
 * `encode(text, { addSpecial: true })` puts begin and end tokens as transformers 5 does: as tokenizer.json's
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
 * @param options `embeddingRows`: what ids are checked against; `list`; `chatTemplate`: which one.
 * @returns The tokenizer.
 * @throws {Mistake} If a file is missing or malformed; one line, with file and field.
 * @throws {Mistake} If the vocabulary is larger than the embedding.
 */
export async function readPretrainedTokenizer(
  read: (file: string) => Promise<Uint8Array | undefined>,
  folder: string,
  options: PretrainedTokenizerOptions = {},
): Promise<PretrainedTokenizer> {
  const { name, json } = await readTokenizerJson(read, folder);
  const settings = await readTokenizerSettings(read, folder, {
    list: options.list,
    isGpt2: name.endsWith("vocab.json"),
  });
  const { config, generation, special, templates } = settings;
  const whole = withDeclared(json, settings);
  const ids = tokenIds(whole);
  const base = tokenizerFromJson(whole, { name });
  const { vocabSize } = base;
  const tokenId = (key: string): number | undefined => {
    const token = special[key];
    if (token === undefined) return undefined;
    const id = ids(token);
    if (id !== undefined || key === "pad_token") return id;
    throw cannotRead(folder, {
      found: `${key} is ${quote(token)}`,
      expected: "a token of the vocabulary",
    });
  };
  const idOf = (key: string): number | undefined =>
    special[key] === undefined
      ? generationId(generation, `${key}_id`, vocabSize, folder)
      : tokenId(key);
  const rows = options.embeddingRows ?? Infinity;
  const bosId = idOf("bos_token"), eosId = idOf("eos_token"), pad = idOf("pad_token");
  const padId = pad !== undefined && pad < rows ? pad : undefined; // past the embedding it is harmless
  const unkId = tokenId("unk_token");
  const flags = name.endsWith("vocab.json") ? config : {}; // transformers 5 reads them only without a tokenizer.json
  const edges = edgeTokens(whole, flags, { bos: bosId, eos: eosId }, name);
  const eosIds = endIds(generation.eos_token_id, eosId, vocabSize, folder);
  for (const id of [...edges.first, ...edges.last]) {
    if (id < vocabSize) continue;
    throw cannotRead(name, {
      found: `post_processor has the id ${id}`,
      expected: `ids below ${vocabSize}`,
    });
  }
  const last = modelSize(whole) - 1;
  const used = [last === pad ? last - 1 : last, ...edges.first, ...edges.last, bosId, eosId];
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
    allAdded: addedTokens(whole).map(({ content }) => content),
    chatTemplate: options.chatTemplate === undefined || templates === undefined
      ? templates
      : pickChatTemplate(templates, folder, { name: options.chatTemplate }),
    encode(input: string, encode: EncodeOptions = {}): number[] {
      const inner = base.encode(input, { ...encode, addSpecial: false });
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
  throw cannotRead(folder, {
    found: `tokenizer.json is missing${model ? " beside tokenizer.model" : ""}`,
    expected: "it, or vocab.json and merges.txt",
    fix: "Save the tokenizer with transformers' save_pretrained",
  });
}

/** Finds ids of tokens, added ones first. */
function tokenIds(json: Json): (token: string) => number | undefined {
  const model = isObject(json.model) ? json.model : {};
  const vocab = isObject(model.vocab) ? model.vocab : {};
  const pieces = Array.isArray(model.vocab) ? model.vocab : [];
  const added = new Map(addedTokens(json).map((token) => [token?.content, token?.id]));
  return (token) => {
    const piece = pieces.findLastIndex((entry) => Array.isArray(entry) && entry[0] === token);
    const id = added.get(token) ?? (Object.hasOwn(vocab, token) ? vocab[token] : undefined) ??
      (piece < 0 ? undefined : piece);
    return typeof id === "number" ? id : undefined;
  };
}

function tokenText(json: Json, id: number | undefined): string | undefined {
  return id === undefined ? undefined : addedTokens(json).find((token) => token.id === id)?.content;
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
  throw cannotRead(`${folder}/generation_config.json`, {
    found: `${key} is ${show(value)}`,
    expected: `ids below ${size}`,
  });
}

function endIds(value: unknown, eos: number | undefined, size: number, folder: string): number[] {
  const list = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  const bad = list.find((id) => !(Number.isInteger(id) && id >= 0 && id < size));
  if (bad !== undefined) {
    throw cannotRead(`${folder}/generation_config.json`, {
      found: `eos_token_id is ${show(value)}`,
      expected: `ids below ${size}`,
    });
  }
  return [...new Set(eos === undefined ? list : [eos, ...list])];
}

function checkRows(id: number, rows: number, name: string, tokenizer: Tokenizer): void {
  if (id < rows) return;
  throw new Mistake("file", {
    verb: "use",
    thing: name,
    found: `id ${id} (${quote(tokenizer.decode([id]) || "a special token")}) is past the ` +
      "embedding",
    expected: `ids below its ${rows} rows`,
    fix: "Is it another model's tokenizer?",
  });
}
