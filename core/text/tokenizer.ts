// Text to token ids and back, as the model's own tokenizer.json says (read by @huggingface/tokenizers).
import { ByteFallbackDecoder, Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { quote, show } from "../io/mistakes.ts";
import { type AddedToken, checkTokenizerJson } from "./tokenizer_json.ts";

/** Text to token ids and back; ids are what the model's embedding is indexed by. */
export interface Tokenizer {
  /** One more than the largest id. */
  readonly vocabSize: number;
  /** Beginning-of-sequence id, if the model has one. */
  readonly bosId: number | undefined;
  /** End-of-sequence id, if the model has one. */
  readonly eosId: number | undefined;
  /** Padding id, if the model has one. */
  readonly padId: number | undefined;
  /** Text to ids. */
  encode(text: string, options?: EncodeOptions): number[];
  /** Ids to text; special tokens are left out. */
  decode(ids: ArrayLike<number>): string;
}

/** How to encode. */
export interface EncodeOptions {
  /**
   * Whether a special token that is spelt out in the text becomes its id (default true, as in transformers). Text
   * from data should have false: then it is spelt as plain text, and a row cannot end a turn or forge a role.
   */
  readonly allowSpecial?: boolean;
  /** Whether to put begin and end tokens round it, where the model wants them; default false. */
  readonly addSpecial?: boolean;
}

/** Which tokens mark begin, end and padding: ids or token strings. */
export interface SpecialTokenOptions {
  /** Beginning of sequence, e.g. `"<|endoftext|>"` or `0`. */
  readonly bos?: number | string;
  /** End of sequence. */
  readonly eos?: number | string;
  /** Padding. */
  readonly pad?: number | string;
  /** What to call the file in errors; default `tokenizer.json`. */
  readonly name?: string;
}

/**
 * Makes a tokenizer of a parsed Hugging Face `tokenizer.json`.
 *
 * `encode` adds no special tokens (the caller puts BOS first where the model wants one), but with
 * `allowSpecial` a special token that is spelt out in the text becomes its id, and a byte that a
 * BPE vocabulary lacks is dropped, both as in transformers. `decode` leaves special tokens out and keeps every
 * space as it was.
 *
 * @example
 * ```ts
 * import { tokenizerFromJson } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = tokenizerFromJson({
 *   added_tokens: [{ id: 0, content: "<|endoftext|>", special: true }],
 *   normalizer: null,
 *   pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
 *   post_processor: null,
 *   decoder: { type: "ByteLevel" },
 *   model: { type: "BPE", vocab: { "<|endoftext|>": 0, h: 1, i: 2, hi: 3 }, merges: [["h", "i"]] },
 * }, { bos: "<|endoftext|>" });
 * assertEquals(tokenizer.encode("hih"), [3, 1]);
 * assertEquals(tokenizer.decode([0, 3, 1]), "hih");
 * assertEquals(tokenizer.bosId, 0);
 * ```
 *
 * @param tokenizerJson The parsed file: `model`, `pre_tokenizer`, `decoder`, `added_tokens`, ….
 * @param options `bos`, `eos`, `pad`: ids or token strings; default none.
 * @returns The tokenizer.
 * @throws {TypeError} If the file is not a tokenizer, or a special token is not in its vocabulary.
 * `encode` throws it for a piece without an id, `decode` throws a RangeError for an unknown id.
 */
export function tokenizerFromJson(
  tokenizerJson: unknown,
  options: SpecialTokenOptions = {},
): Tokenizer {
  const { json, vocabSize } = checkTokenizerJson(tokenizerJson, options.name ?? "tokenizer.json");
  const native = openTokenizer(json, options.name ?? "tokenizer.json");
  const plain = withoutSpecials(native);
  const added = json.added_tokens as AddedToken[];
  const specials = new Set(added.filter(({ special }) => special).map(({ id }) => id));
  const unknown = native.model?.unk_token_id;
  return {
    vocabSize,
    bosId: specialId(native, vocabSize, "bos", options.bos),
    eosId: specialId(native, vocabSize, "eos", options.eos),
    padId: specialId(native, vocabSize, "pad", options.pad),
    encode(text: string, { allowSpecial = true }: EncodeOptions = {}): number[] {
      if (typeof text !== "string") {
        throw new TypeError(`Cannot encode text: it is a ${typeof text}, expected a string`);
      }
      const whole = text.isWellFormed() ? text : text.toWellFormed();
      const { ids, tokens } = ran(
        () => (allowSpecial ? native : plain).encode(whole, { add_special_tokens: false }),
        "encode text",
      );
      for (let i = 0; i < ids.length; i++) {
        if (ids[i] === undefined) {
          throw new TypeError(
            `Cannot encode text: piece ${i} is ${show(tokens[i])}, ` +
              "expected a piece of the vocabulary, which has no unknown token to stand for it",
          );
        }
        if (!allowSpecial && specials.has(ids[i]) && ids[i] !== unknown) {
          throw new TypeError(
            `Cannot encode text: the vocabulary has no plain spelling of ${show(tokens[i])}, ` +
              "expected text without special tokens",
          );
        }
      }
      return ids;
    },
    decode(ids: ArrayLike<number>): string {
      if (ids.length === 0) return "";
      const list = Array.from(ids);
      for (let i = 0; i < list.length; i++) {
        if (native.id_to_token(list[i]) === undefined) {
          throw new RangeError(
            `Cannot decode ids: ids[${i}] is ${list[i]}, ` +
              `expected an id of the vocabulary of ${vocabSize}`,
          );
        }
      }
      return ran(
        () =>
          native.decode(list, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
        "decode ids",
      );
    },
  };
}

/** What a step of the pipeline returns; its own errors, for a step that the file describes wrongly, become one line. */
function ran<T>(body: () => T, doing: string): T {
  try {
    return body();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(
      `Cannot ${doing}: the tokenizer's file leads to ${
        quote(why)
      }, expected a file that tokenizers wrote`,
      { cause },
    );
  }
}

function openTokenizer(json: Record<string, unknown>, name: string): HuggingFaceTokenizer {
  let native: HuggingFaceTokenizer;
  try {
    native = new HuggingFaceTokenizer(json, {});
    native.encode("a b-1 \u00dc", { add_special_tokens: false }); // a step that the file describes wrongly fails here
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(
      `Cannot read ${name}: ${quote(why).slice(1, -1)}, expected a file that tokenizers wrote`,
      { cause },
    );
  }
  repairBytes(native.decoder);
  return native;
}

/** A byte run that is no UTF-8 becomes one U+FFFD a byte, as in tokenizers; U+FEFF stays. */
function repairBytes(decoder: unknown): void {
  const { decoders = [decoder] } = (decoder ?? {}) as { decoders?: unknown[] };
  for (const part of decoders) {
    if (!(part instanceof ByteFallbackDecoder)) continue;
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    Object.assign(part, {
      text_decoder: {
        decode(bytes: Uint8Array<ArrayBuffer>): string {
          try {
            return strict.decode(bytes);
          } catch {
            return "\ufffd".repeat(bytes.length);
          }
        },
      },
    });
  }
}

/** The same tokenizer, the same memory, blind to special tokens in text (`encode_special_tokens` of tokenizers). */
function withoutSpecials(native: HuggingFaceTokenizer): HuggingFaceTokenizer {
  const inner = native as unknown as {
    added_tokens: { content: string; special: boolean; normalized: boolean }[];
    added_tokens_map: Map<string, { special: boolean }>;
    splitter_unnormalized: { constructor: new (words: string[]) => unknown };
    normalizer: ((text: string) => string) | null;
  };
  const Splitter = inner.splitter_unnormalized.constructor;
  const rest = inner.added_tokens.filter(({ special }) => !special);
  const normalize = inner.normalizer;
  const normalized = rest.filter((token) => token.normalized && normalize !== null);
  const exact = rest.filter((token) => !(token.normalized && normalize !== null));
  return Object.create(native, {
    added_tokens_map: {
      value: new Map([...inner.added_tokens_map].filter(([, { special }]) => !special)),
    },
    splitter_unnormalized: { value: new Splitter(exact.map(({ content }) => content)) },
    splitter_normalized: {
      value: new Splitter(normalized.map(({ content }) => normalize!(content))),
    },
  });
}

function specialId(
  native: HuggingFaceTokenizer,
  vocabSize: number,
  name: string,
  token: number | string | undefined,
): number | undefined {
  if (token === undefined) return undefined;
  const id = typeof token === "string" ? native.token_to_id(token) : token;
  if (id === undefined || native.id_to_token(id) === undefined) {
    throw new TypeError(
      `Cannot set special tokens: ${name} is ${
        typeof token === "number" ? token : quote(token)
      }, ` +
        `expected a token of the vocabulary of ${vocabSize}`,
    );
  }
  return id;
}
