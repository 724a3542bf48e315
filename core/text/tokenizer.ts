// Text to token ids and back, as the model's own tokenizer.json says (read by @huggingface/tokenizers).
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";

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
  /** Text to ids; adds no special tokens. */
  encode(text: string): number[];
  /** Ids to text; special tokens are left out. */
  decode(ids: ArrayLike<number>): string;
}

/** Which tokens mark begin, end and padding: ids or token strings. */
export interface SpecialTokenOptions {
  /** Beginning of sequence, e.g. `"<|endoftext|>"` or `0`. */
  readonly bos?: number | string;
  /** End of sequence. */
  readonly eos?: number | string;
  /** Padding. */
  readonly pad?: number | string;
}

/**
 * Makes a tokenizer of a parsed Hugging Face `tokenizer.json`.
 *
 * `encode` adds no special tokens (the caller puts BOS first where the model wants one), but a
 * special token that is spelt out in the text becomes its id, and a byte that a BPE vocabulary
 * lacks is dropped, both as in transformers. `decode` leaves special tokens out and keeps every
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
  const native = openTokenizer(tokenizerJson);
  let largest = -1;
  for (const id of native.get_vocab(true).values()) largest = Math.max(largest, id);
  const vocabSize = largest + 1;
  return {
    vocabSize,
    bosId: specialId(native, vocabSize, "bos", options.bos),
    eosId: specialId(native, vocabSize, "eos", options.eos),
    padId: specialId(native, vocabSize, "pad", options.pad),
    encode(text: string): number[] {
      if (typeof text !== "string") {
        throw new TypeError(`Cannot encode text: it is a ${typeof text}, expected a string`);
      }
      const { ids, tokens } = native.encode(text, { add_special_tokens: false });
      for (let i = 0; i < ids.length; i++) {
        if (ids[i] === undefined) {
          throw new TypeError(
            `Cannot encode text: piece ${i} is ${JSON.stringify(tokens[i])}, ` +
              "expected a piece of the vocabulary, which has no unknown token to stand for it",
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
      return native.decode(list, {
        skip_special_tokens: true,
        clean_up_tokenization_spaces: false,
      });
    },
  };
}

function openTokenizer(json: unknown): HuggingFaceTokenizer {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    const found = json === null ? "null" : Array.isArray(json) ? "an array" : `a ${typeof json}`;
    throw new TypeError(
      `Cannot read tokenizer.json: it is ${found}, expected an object with model and decoder`,
    );
  }
  const file = json as Record<string, unknown>;
  if (typeof file.model !== "object" || file.model === null) {
    throw new TypeError(
      `Cannot read tokenizer.json: model is ${String(file.model)}, expected an object. ` +
        "Is this tokenizer_config.json? Give tokenizer.json",
    );
  }
  const whole = {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    ...file,
    added_tokens: file.added_tokens ?? [],
  };
  try {
    return new HuggingFaceTokenizer(whole, {});
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(
      `Cannot read tokenizer.json: ${why}, expected a file that tokenizers wrote`,
      { cause },
    );
  }
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
      `Cannot set special tokens: ${name} is ${JSON.stringify(token)}, ` +
        `expected a token of the vocabulary of ${vocabSize}`,
    );
  }
  return id;
}
