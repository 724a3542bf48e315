// A checked tokenizer.json as @huggingface/tokenizers' Tokenizer with the steps of the Rust tokenizers: its own splitting
// at added tokens, its WordPiece and Unigram, and our normalizers, pre-tokenizers, BPE, word list and decoders.
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { type BpeFile, bpeModel } from "./bpe_model.ts";
import { decoderOf } from "./decoder_steps.ts";
import { normalizerOf } from "./normalizer_steps.ts";
import { preTokenizerOf } from "./pre_tokenizer_steps.ts";

type Json = Record<string, unknown>;

/** Text to tokens and back, without begin and end. */
export interface Pipeline {
  /** Ids, undefined for a piece that the vocabulary lacks, and the tokens or pieces they are of. */
  encode(text: string): { ids: (number | undefined)[]; tokens: string[] };
  /** Tokens to text. */
  decode(tokens: string[]): string;
  /** The token of an id; an added token that is looked for in normalized text is itself normalized. */
  tokenOf(id: number): string | undefined;
  /** The id of a token. */
  idOf(token: string): number | undefined;
  /** Id of the unknown token. */
  readonly unknown: number | undefined;
  /** The same, blind to special tokens in the text (`encode_special_tokens` of tokenizers). */
  withoutSpecials(): Pipeline;
}

interface Added {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly normalized: boolean;
  readonly single_word: boolean;
}
interface Model {
  (pieces: string[]): string[];
  tokens_to_ids: Map<string, number>;
  vocab: string[];
  unk_token_id: number | undefined;
}
interface Splitter {
  split(text: string): string[];
}
/** What of the package's Tokenizer is replaced; it calls these as functions. */
interface Inner {
  added_tokens: Added[];
  added_tokens_map: Map<string, Added>;
  splitter_unnormalized: Splitter;
  splitter_normalized: Splitter;
  normalizer: ((text: string) => string) | null;
  pre_tokenizer: ((text: string, place: { section_index: number }) => string[]) | null;
  model: Model;
}

/** Makes the pipeline; `name` is what errors call the file. */
export function tokenizerPipeline(json: Json, name: string): Pipeline {
  const { normalizer, pre_tokenizer: before, decoder, model } = json as {
    [part: string]: Json | null | undefined;
  };
  const list = model!.type === "BPE" || model!.type === "WordLevel"; // the package is given the vocabulary alone
  const native = new HuggingFaceTokenizer({
    ...{ normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null },
    model: list ? wordList(model!) : model,
    added_tokens: json.added_tokens,
  }, {});
  const inner = native as unknown as Inner;
  inner.model = modelOf(model!, inner.model);
  if (normalizer) inner.normalizer = normalizerOf(normalizer, name);
  if (before) {
    const step = preTokenizerOf(before, name);
    inner.pre_tokenizer = (text, { section_index }) =>
      step({ text, first: section_index === 0 }).map((piece) => piece.text);
  }
  Object.assign(inner, splitting(inner, inner.added_tokens));
  const spelt = new Map(Array.from(inner.added_tokens_map, ([text, { id }]) => [id, text]));
  const decode = decoder ? decoderOf(decoder, name) : undefined;
  const pipeline = (of: HuggingFaceTokenizer): Pipeline => {
    return {
      encode: (text) => of.encode(text, { add_special_tokens: false }),
      decode: (tokens) => decode ? decode(tokens).join("") : tokens.join(" "),
      tokenOf: (id) => spelt.get(id) ?? inner.model.vocab[id],
      idOf: (token) => inner.model.tokens_to_ids.get(token),
      unknown: inner.model.unk_token_id,
      withoutSpecials() {
        const rest = splitting(inner, inner.added_tokens.filter(({ special }) => !special));
        const fields = Object.entries(rest).map(([key, value]) => [key, { value }]);
        return pipeline(Object.create(of, Object.fromEntries(fields)));
      },
    };
  };
  return pipeline(native);
}

function wordList({ vocab, unk_token }: Json): Json {
  return { type: "WordPiece", vocab, unk_token, continuing_subword_prefix: "" };
}

/** Piece by piece: unknowns of two pieces are not fused. */
function modelOf(model: Json, native: Model): Model {
  const { tokens_to_ids, vocab, unk_token_id } = native;
  let one = (piece: string): string[] => native([piece]);
  if (model.type === "BPE") {
    one = bpeModel(model as unknown as BpeFile, new Map(Object.entries(model.vocab as object)));
  } else if (model.type === "WordLevel") {
    const words = model.vocab as Record<string, number>;
    const unknown = String(model.unk_token);
    one = (
      piece,
    ) => [Object.hasOwn(words, piece) || !Object.hasOwn(words, unknown) ? piece : unknown];
  } else if (model.type === "Unigram" && model.byte_fallback === true) {
    one = (piece) => native([piece]).flatMap((token) => bytesOf(token, tokens_to_ids));
  }
  return Object.assign((pieces: string[]) => pieces.flatMap(one), {
    ...{ tokens_to_ids, vocab, unk_token_id },
  });
}

/** A token that the vocabulary lacks as `<0x..>` tokens, where all are there. */
function bytesOf(token: string, ids: ReadonlyMap<string, number>): string[] {
  if (ids.has(token)) return [token];
  const bytes = Array.from(new TextEncoder().encode(token), (byte) => {
    return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
  });
  return bytes.every((byte) => ids.has(byte)) ? bytes : [token];
}

/** How text is cut at `added` tokens: first as it is, then, at those that are normalized, once it is. */
function splitting(
  { normalizer, splitter_unnormalized: { constructor } }: Inner,
  added: readonly Added[],
): Pick<Inner, "added_tokens_map" | "splitter_normalized" | "splitter_unnormalized"> {
  const Splitter = constructor as new (words: string[]) => Splitter;
  const byText = new Map<string, Added>();
  const spelt = (isNormalized: boolean): Splitter => {
    const words: string[] = [];
    for (const token of added) {
      if ((token.normalized && normalizer !== null) !== isNormalized) continue;
      const text = isNormalized ? normalizer!(token.content) : token.content;
      if (text === "") continue;
      words.push(text);
      byText.set(text, token);
    }
    const splitter = new Splitter(words);
    if (!words.some((word) => byText.get(word)!.single_word)) return splitter;
    return { split: (text) => wholeWords(splitter.split(text), byText) };
  };
  return {
    splitter_unnormalized: spelt(false),
    splitter_normalized: spelt(true),
    added_tokens_map: byText,
  };
}

const WORD = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d]";
const IN_WORD = new RegExp(`^${WORD}`, "u");

/** V8 (14) finds no letter of two units where a class stands before `$`, so the last one is cut off first. */
function lastCharacter(text: string): string {
  return Array.from(text.slice(-2)).at(-1) ?? "";
}

/** Sections in which a token that is a single word, but stands within one, is text again. */
function wholeWords(sections: string[], tokens: ReadonlyMap<string, Added>): string[] {
  const out: string[] = [];
  let open = false; // whether the last section of `out` is text
  sections.forEach((section, i) => {
    const token = tokens.get(section);
    const within = token?.single_word &&
      (IN_WORD.test(lastCharacter(sections[i - 1] ?? "")) || IN_WORD.test(sections[i + 1] ?? ""));
    const isText = token === undefined || within === true;
    if (isText && open) out[out.length - 1] += section;
    else out.push(section);
    open = isText;
  });
  return out;
}
