// Text to token ids and back, as the model's own tokenizer.json says (read by @huggingface/tokenizers).
import { quote, show } from "../../base/quote.ts";
import { type EdgeTokens, edgeTokens } from "./edge_tokens.ts";
import { tokenizerHash } from "./tokenizer_hash.ts";
import { type AddedToken, checkTokenizerJson } from "./tokenizer_json.ts";
import { type Pipeline, tokenizerPipeline } from "./tokenizer_pipeline.ts";
import { cannotRead, Mistake } from "../../base/mistake.ts";
import { PatternError } from "./pattern_syntax.ts";

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
  /** Ids to text with special tokens spelt out; absent where no file made the tokenizer. */
  spell?(ids: ArrayLike<number>): string;
  /** Whether an id is a special token's; absent where no file made the tokenizer. */
  isSpecial?(id: number): boolean;
  /** Fingerprint of what ids depend on (`tokenizerHash`); absent where no file made the tokenizer. */
  hash?(): Promise<string>;
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
 * @throws {Mistake} If the file is not a tokenizer, or a special token is not in its vocabulary.
 * `encode` throws it for a piece without an id, `decode` throws a RangeError for an unknown id.
 */
export function tokenizerFromJson(
  tokenizerJson: unknown,
  options: SpecialTokenOptions = {},
): Tokenizer {
  const { json, vocabSize } = checkTokenizerJson(tokenizerJson, options.name ?? "tokenizer.json");
  const pipeline = openPipeline(json, options.name ?? "tokenizer.json");
  const plain = pipeline.withoutSpecials();
  const added = json.added_tokens as AddedToken[];
  const specials = new Set(added.filter(({ special }) => special).map(({ id }) => id));
  const decoded = (ids: ArrayLike<number>, isLeftOut: (id: number) => boolean): string => {
    const tokens: string[] = [];
    for (let i = 0; i < ids.length; i++) {
      const token = pipeline.tokenOf(ids[i]);
      if (token === undefined) {
        throw new Mistake("file", {
          verb: "decode",
          thing: "ids",
          found: `ids[${i}] is ${ids[i]}`,
          expected: `an id of the vocabulary of ${vocabSize}`,
        });
      }
      if (!isLeftOut(ids[i])) tokens.push(token);
    }
    return tokens.length === 0 ? "" : ran(() => pipeline.decode(tokens), "decode ids");
  };
  const special = {
    bosId: specialId(pipeline, vocabSize, "bos", options.bos),
    eosId: specialId(pipeline, vocabSize, "eos", options.eos),
    padId: specialId(pipeline, vocabSize, "pad", options.pad),
  };
  const name = options.name ?? "tokenizer.json";
  let edges: EdgeTokens | undefined; // few ask for them
  let hash: Promise<string> | undefined;
  return {
    vocabSize,
    ...special,
    encode(text: string, { allowSpecial = true, addSpecial }: EncodeOptions = {}): number[] {
      if (typeof text !== "string") {
        throw new Mistake("file", {
          verb: "encode",
          thing: "text",
          found: `it is a ${typeof text}`,
          expected: "a string",
        });
      }
      const whole = text.isWellFormed() ? text : text.toWellFormed();
      const { ids, tokens } = ran(
        () => (allowSpecial ? pipeline : plain).encode(whole),
        "encode text",
      );
      const inner = ids.map((id, i) => {
        if (id === undefined) {
          throw new Mistake("file", {
            verb: "encode",
            thing: "text",
            found: `piece ${i} is ${show(tokens[i])}`,
            expected: "a piece of the vocabulary, which has no unknown token to stand for it",
          });
        }
        if (!allowSpecial && specials.has(id) && id !== pipeline.unknown) {
          throw new Mistake("file", {
            verb: "encode",
            thing: "text",
            found: `the vocabulary has no plain spelling of ${show(tokens[i])}`,
            expected: "text without special tokens",
          });
        }
        return id;
      });
      if (!addSpecial) return inner;
      edges ??= edgeTokens(json, {}, { bos: special.bosId, eos: special.eosId }, name);
      return [...edges.first, ...inner, ...edges.last];
    },
    decode: (ids) => decoded(ids, (id) => specials.has(id)),
    spell: (ids) => decoded(ids, () => false),
    isSpecial: (id) => specials.has(id),
    hash: () => hash ??= tokenizerHash(json),
  };
}

/** What a step of the pipeline returns; its own errors, for a step that the file describes wrongly, become one line. */
function ran<T>(body: () => T, doing: string): T {
  try {
    return body();
  } catch (cause) {
    const why = reasonOf(cause);
    throw new Mistake("file", {
      verb: doing,
      found: `the tokenizer's file leads to ${quote(why)}`,
      expected: "a file that tokenizers wrote",
    }, { cause });
  }
}

function openPipeline(json: Record<string, unknown>, name: string): Pipeline {
  try {
    const pipeline = tokenizerPipeline(json, name);
    pipeline.encode("a b-1 \u00dc"); // a step that the file describes wrongly fails here
    return pipeline;
  } catch (cause) {
    const why = reasonOf(cause);
    if (why.startsWith("Cannot ")) throw cause;
    throw cannotRead(name, {
      found: quote(why).slice(1, -1),
      expected: "a file that tokenizers wrote",
    }, { cause });
  }
}

function specialId(
  pipeline: Pipeline,
  vocabSize: number,
  name: string,
  token: number | string | undefined,
): number | undefined {
  if (token === undefined) return undefined;
  const id = typeof token === "string" ? pipeline.idOf(token) : token;
  if (id === undefined || pipeline.tokenOf(id) === undefined) {
    throw new Mistake("file", {
      verb: "set",
      thing: "special tokens",
      found: `${name} is ${typeof token === "number" ? token : quote(token)}`,
      expected: `a token of the vocabulary of ${vocabSize}`,
    });
  }
  return id;
}

/** What an error of the pipeline says; of a pattern, what it has. */
function reasonOf(cause: unknown): string {
  if (cause instanceof PatternError) return cause.found;
  return cause instanceof Error ? cause.message : String(cause);
}
