// Token ids as a text that the tokenizer turns into those very ids: what a program that takes only text must be given.
import type { Tokenizer } from "./tokenizer.ts";

/** What readers of recorded ids need to know of the tokenizer that they belong to. */
export interface TokenizerRecord {
  /** As {@link Tokenizer.hash} has it. */
  readonly hash: string;
  /** Spelling of what it puts before a text of its own accord; empty where that is nothing. */
  readonly begin: string;
  /** Spelling of its end token; empty where it has none. */
  readonly end: string;
}

/** An answer as text. */
export interface SpelledAnswer {
  /** The answer with its special tokens spelt out. */
  readonly text: string;
  /** Whether prompt and answer, encoded as one text, give the recorded ids. */
  readonly isExact: boolean;
}

/** A prompt and its answers as text. */
export interface Spelled {
  /** The prompt with its special tokens spelt out. */
  readonly prompt: string;
  /** In order. */
  readonly answers: readonly SpelledAnswer[];
}

/**
 * What is recorded of a tokenizer beside ids; undefined for one that no file made.
 *
 * @example
 * ```ts
 * import { tokenizerFromJson, tokenizerRecord } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = tokenizerFromJson({
 *   added_tokens: [{ id: 0, content: "<e>", special: true }],
 *   pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
 *   decoder: { type: "ByteLevel" },
 *   model: { type: "BPE", vocab: { "<e>": 0, a: 1 }, merges: [] },
 * }, { eos: "<e>" });
 * const record = await tokenizerRecord(tokenizer);
 * assertEquals([record?.begin, record?.end], ["", "<e>"]);
 * ```
 *
 * @param tokenizer As `tokenizerFromJson` and `readPretrainedTokenizer` make it.
 */
export async function tokenizerRecord(
  tokenizer: Tokenizer,
): Promise<TokenizerRecord | undefined> {
  const { hash, spell, eosId } = tokenizer;
  if (hash === undefined || spell === undefined) return undefined;
  return {
    hash: await hash(),
    begin: spell(firstOf(tokenizer)),
    end: eosId === undefined ? "" : spell([eosId]),
  };
}

/** Ids that a tokenizer puts before a text. */
function firstOf(tokenizer: Tokenizer): number[] {
  const edged = tokenizer.encode("a", { addSpecial: true });
  return edged.slice(0, Math.max(0, edged.indexOf(tokenizer.encode("a")[0])));
}

/**
 * Spells ids out: as a text whose ids they are, or, where `isWhole` is false, as one before which the tokenizer puts
 * its begin token. Undefined for a tokenizer that no file made.
 *
 * @example
 * ```ts
 * import { spellIds, tokenizerFromJson } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = tokenizerFromJson({
 *   added_tokens: [{ id: 0, content: "<e>", special: true }],
 *   pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
 *   decoder: { type: "ByteLevel" },
 *   model: { type: "BPE", vocab: { "<e>": 0, a: 1, b: 2, ab: 3 }, merges: ["a b"] },
 * });
 * assertEquals(spellIds(tokenizer, [0, 1], [[3, 0], [3, 1, 2]]), {
 *   prompt: "<e>a",
 *   answers: [{ text: "ab<e>", isExact: true }, { text: "abab", isExact: false }], // "ab" is one token
 * });
 * ```
 *
 * @param tokenizer The ids' own.
 * @param prompt Its ids.
 * @param answers Ids of each answer, the end token included where it has one.
 * @param options `isWhole`: whether the begin token is spelt out too; default true.
 */
export function spellIds(
  tokenizer: Tokenizer,
  prompt: readonly number[],
  answers: readonly (readonly number[])[],
  { isWhole = true }: { readonly isWhole?: boolean } = {},
): Spelled | undefined {
  const { spell } = tokenizer;
  if (spell === undefined) return undefined;
  const gives = (text: string, ids: readonly number[]) =>
    isSame(encoded(tokenizer, text, !isWhole), ids);
  const first = isWhole ? [] : firstOf(tokenizer);
  const from = isSame(prompt.slice(0, first.length), first) ? first.length : 0;
  const heads = spellings(tokenizer, spell, prompt.slice(from));
  const head = heads.find((text) => gives(text, prompt));
  const start = head ?? heads[0];
  return {
    prompt: start,
    answers: answers.map((ids): SpelledAnswer => {
      const whole = [...prompt, ...ids];
      const texts = [
        ...spellings(tokenizer, spell, whole.slice(from)).filter((text) => text.startsWith(start))
          .map((text) => text.slice(start.length)),
        ...spellings(tokenizer, spell, ids),
      ];
      const text = head === undefined ? undefined : texts.find((t) => gives(start + t, whole));
      return { text: text ?? texts[0], isExact: text !== undefined };
    }),
  };
}

/** Two ways: all tokens as one text, or what stands between special tokens apart, as SentencePiece encodes it. */
function spellings(
  tokenizer: Tokenizer,
  spell: (ids: ArrayLike<number>) => string,
  ids: readonly number[],
): string[] {
  const parts: string[] = [];
  let run: number[] = [];
  const flush = () => {
    if (run.length > 0) parts.push(tokenizer.decode(run));
    run = [];
  };
  for (const id of ids) {
    if (tokenizer.isSpecial?.(id)) {
      flush();
      parts.push(spell([id]));
    } else run.push(id);
  }
  flush();
  return [spell(ids), parts.join("")];
}

function encoded(tokenizer: Tokenizer, text: string, addSpecial: boolean): readonly number[] {
  try {
    return tokenizer.encode(text, { addSpecial });
  } catch {
    return []; // a piece that the vocabulary lacks
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
