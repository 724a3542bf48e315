// The tokenizer of a GGUF file as the tokenizer.json that its model's repository would have: byte-level BPE with its
// merges, or sentencepiece BPE with merges found again from the scores.
import { TOKENIZER_BOUNDS } from "../../base/json_bounds.ts";
import { parseJsonObject } from "../../base/json_object.ts";
import { quote } from "../../base/quote.ts";
import { sentencepieceMerges } from "./merges.ts";
import type { GgufMetadata } from "./metadata.ts";
import { ggufFamily } from "./names.ts";
import { PRE_TOKENIZERS } from "./pre_tokenizers.ts";
import { type GgufTokenizerConfig, ggufTokenizerConfig } from "./tokenizer_config.ts";

type Json = Record<string, unknown>;

/** A tokenizer.json and what belongs to it. */
export interface GgufTokenizer {
  /** As in tokenizer.json; absent for a file without a vocabulary. */
  readonly json?: Json;
  /** As in tokenizer_config.json. */
  readonly config: GgufTokenizerConfig;
}

const NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER_DEFINED = 4, UNUSED = 5;
const ARRAY_KEYS = { tokens: "tokenizer.ggml.tokens", merges: "tokenizer.ggml.merges" };

interface Vocabulary {
  readonly tokens: readonly string[];
  /** By id; NORMAL where the file has no types. */
  readonly types: ArrayLike<number>;
}

/**
 * Reads the tokenizer.
 *
 * @throws {TypeError} If its kind or its pre-tokenizer is not known, or its arrays do not fit together.
 */
export function ggufTokenizer(metadata: GgufMetadata): GgufTokenizer {
  const model = metadata.text("tokenizer.ggml.model") ?? "none";
  const tokens = metadata.texts(ARRAY_KEYS.tokens) ?? [];
  const config = ggufTokenizerConfig(metadata, model, tokens);
  const whole = metadata.text("tokenizer.huggingface.json");
  if (whole !== undefined) {
    const bytes = new TextEncoder().encode(whole);
    const part = "tokenizer.huggingface.json";
    return { json: parseJsonObject(bytes, metadata.name, part, TOKENIZER_BOUNDS), config };
  }
  if (model === "none" || model === "no_vocab") return { config };
  if (model !== "gpt2" && model !== "llama") {
    throw metadata.mistake(`tokenizer.ggml.model is ${quote(model)}`, "gpt2 or llama");
  }
  if (tokens.length === 0) throw metadata.mistake(`${ARRAY_KEYS.tokens} is missing`, "it there");
  const types = perToken(metadata, "tokenizer.ggml.token_type", tokens) ??
    new Uint8Array(tokens.length).fill(NORMAL);
  const vocabulary = model === "gpt2"
    ? { tokens, types }
    : { tokens: spelled(tokens, types), types };
  const parts = model === "gpt2"
    ? byteLevel(metadata, vocabulary)
    : sentencepiece(metadata, vocabulary);
  return {
    json: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: addedTokens(metadata, vocabulary),
      post_processor: template(config),
      ...parts,
    },
    config,
  };
}

/** Byte-level BPE: GPT-2 and what came of it. */
function byteLevel(metadata: GgufMetadata, vocabulary: Vocabulary): Json {
  const { splits, nfc, ignoreMerges } = preTokenizer(metadata);
  const ids = idsOf(metadata, vocabulary);
  return {
    normalizer: nfc || ggufFamily(metadata.architecture)?.gguf.composesText
      ? { type: "NFC" }
      : null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        ...splits.map((expression) => ({
          type: "Split",
          pattern: { Regex: expression },
          behavior: "Isolated",
          invert: false,
        })),
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: bpe(
      { byte_fallback: false, ignore_merges: ignoreMerges },
      ids,
      givenMerges(metadata, ids),
    ),
  };
}

/** Sentencepiece's BPE: spaces are "▁", what is not in the vocabulary is spelled in bytes. */
function sentencepiece(metadata: GgufMetadata, vocabulary: Vocabulary): Json {
  const { tokens, types } = vocabulary;
  const ids = idsOf(metadata, vocabulary);
  const prefix = metadata.flag("tokenizer.ggml.add_space_prefix") ?? true;
  const replace = { type: "Replace", pattern: { String: " " }, content: "▁" };
  const unknown = Array.from(types).indexOf(UNKNOWN);
  const merges = metadata.get(ARRAY_KEYS.merges) === undefined
    ? mergesOfScores(metadata, vocabulary)
    : givenMerges(metadata, ids);
  return {
    normalizer: prefix
      ? { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "▁" }, replace] }
      : replace,
    pre_tokenizer: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...(prefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
      ],
    },
    model: bpe(
      { byte_fallback: true, unk_token: unknown < 0 ? null : tokens[unknown], fuse_unk: true },
      ids,
      merges,
    ),
  };
}

function mergesOfScores(metadata: GgufMetadata, { tokens, types }: Vocabulary): [string, string][] {
  const said = perToken(metadata, "tokenizer.ggml.scores", tokens);
  if (said === undefined) throw metadata.mistake("tokenizer.ggml.scores is missing", "it there");
  const byLength = ggufFamily(metadata.architecture)?.gguf.mergesByLength ?? false;
  // Converters overwrite the score of Gemma's runs of spaces and lines; sentencepiece has 0 for what a user defines.
  const score = (id: number) => byLength && types[id] === USER_DEFINED ? 0 : said[id];
  const merges = sentencepieceMerges(tokens, {
    score,
    // Equal scores come in order of ids: a converter without the sentencepiece model writes one score for all.
    ties: byLength ? "lengths" : "ids",
    skip: (id) => types[id] === UNUSED,
  });
  if (merges) return merges;
  throw metadata.mistake(
    `${ARRAY_KEYS.tokens} would take minutes to cut into merges`,
    "at most some hundred thousand pieces of words. The file is damaged",
  );
}

function givenMerges(metadata: GgufMetadata, ids: ReadonlyMap<string, number>): [string, string][] {
  const merges = metadata.texts(ARRAY_KEYS.merges);
  if (merges === undefined) throw metadata.mistake(`${ARRAY_KEYS.merges} is missing`, "it there");
  return merges.map((merge, i) => {
    const space = merge.indexOf(" ", 1);
    const pair: [string, string] = [merge.slice(0, space), merge.slice(space + 1)];
    if (space < 0 || pair[1] === "" || pair[1].includes(" ")) {
      throw metadata.mistake(
        `${ARRAY_KEYS.merges}[${i}] is ${quote(merge)}`,
        "two pieces with a space between",
      );
    }
    const absent = [...pair, pair.join("")].find((piece) => !ids.has(piece));
    if (absent === undefined) return pair;
    throw metadata.mistake(
      `${ARRAY_KEYS.merges}[${i}] is ${quote(merge)} and ${quote(absent)} is no token`,
      "merges of tokens",
    );
  });
}

function preTokenizer(metadata: GgufMetadata): (typeof PRE_TOKENIZERS)[string] {
  const pre = metadata.text("tokenizer.ggml.pre") ?? "default";
  if (Object.hasOwn(PRE_TOKENIZERS, pre)) return PRE_TOKENIZERS[pre];
  throw metadata.mistake(
    `tokenizer.ggml.pre is ${quote(pre)}`,
    `one of ${Object.keys(PRE_TOKENIZERS).join(", ")}`,
  );
}

/** Ids by token. Only what fills the vocabulary up may stand twice: then the first counts. */
function idsOf(metadata: GgufMetadata, { tokens, types }: Vocabulary): Map<string, number> {
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    const first = ids.get(token);
    if (first === undefined) ids.set(token, id);
    else if (types[id] === NORMAL && types[first] === NORMAL) {
      throw metadata.mistake(
        `tokens ${first} and ${id} are both ${quote(token)}`,
        "each token once",
      );
    }
  }
  return ids;
}

function bpe(options: Json, ids: ReadonlyMap<string, number>, merges: [string, string][]): Json {
  return {
    type: "BPE",
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    ...options,
    vocab: Object.fromEntries(ids), // own properties, "__proto__" too
    merges,
  };
}

/** Runs of spaces that a converter wrote as they look, as sentencepiece spells them. */
function spelled(tokens: readonly string[], types: ArrayLike<number>): string[] {
  return tokens.map((token, id) =>
    types[id] === USER_DEFINED && /^ +$/.test(token) ? "▁".repeat(token.length) : token
  );
}

/** Tokens that are found in text before anything else: control tokens are special, user-defined ones are not. */
function addedTokens(metadata: GgufMetadata, { tokens, types }: Vocabulary): Json[] {
  // Phi-3's tokenizer.json strips what follows its control tokens; a GGUF file cannot say so, but its name can.
  const name = (metadata.text("general.name") ?? "").toLowerCase();
  const strips = metadata.text("tokenizer.ggml.model") === "llama" && /phi-?3/.test(name);
  return tokens.flatMap((content, id) => {
    const special = types[id] === CONTROL || types[id] === UNKNOWN;
    if (content === "" || (!special && types[id] !== USER_DEFINED)) return [];
    const rstrip = strips && special && !["<unk>", "<s>", "<|endoftext|>"].includes(content);
    return [{ id, content, single_word: false, lstrip: false, rstrip, normalized: false, special }];
  });
}

/** What is put around a text, if anything. */
function template(config: GgufTokenizerConfig): Json | null {
  const bos = config.add_bos_token ? config.bos_token : undefined;
  const eos = config.add_eos_token ? config.eos_token : undefined;
  if (bos === undefined && eos === undefined) return null;
  const around = (id: "A" | "B", type_id: number) => [
    ...(bos === undefined ? [] : [{ SpecialToken: { id: bos, type_id } }]),
    { Sequence: { id, type_id } },
    ...(eos === undefined ? [] : [{ SpecialToken: { id: eos, type_id } }]),
  ];
  const named = [[bos, config.bos_token_id], [eos, config.eos_token_id]] as const;
  return {
    type: "TemplateProcessing",
    single: around("A", 0),
    pair: [...around("A", 0), ...around("B", 1)],
    special_tokens: Object.fromEntries(
      named.flatMap(([token, id]) =>
        token === undefined ? [] : [[token, { id: token, ids: [id], tokens: [token] }]]
      ),
    ),
  };
}

/** An array with one number a token, if it is there. */
function perToken(
  metadata: GgufMetadata,
  key: string,
  tokens: readonly string[],
): ArrayLike<number> | undefined {
  const numbers = metadata.numbers(key);
  if (numbers === undefined || numbers.length === tokens.length) return numbers;
  throw metadata.mistake(
    `${key} has ${numbers.length} numbers`,
    `one for each of ${tokens.length} tokens`,
  );
}
