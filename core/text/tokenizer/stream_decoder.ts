// Ids to text as they come: text is held back while its last character is not whole yet.
import type { Tokenizer } from "./tokenizer.ts";

/** Decodes a stream of ids. */
export interface StreamDecoder {
  /** Takes the next id; returns the text that is sure by now, often none. */
  push(id: number): string;
  /** Returns what was held back, cut characters as U+FFFD, and begins anew. */
  flush(): string;
}

const LONGEST_WAIT = 12; // ids: a character is at most 4 bytes, so more than 4 that end in none are no UTF-8

/**
 * Makes a decoder for generated ids: what it returns, joined, is what `tokenizer.decode` makes of them all.
 *
 * @example
 * ```ts
 * import { streamDecoder, tokenizerFromJson } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = tokenizerFromJson({
 *   pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
 *   decoder: { type: "ByteLevel" },
 *   model: { type: "BPE", vocab: { "Ã": 0, "©": 1, h: 2 }, merges: [] },
 * });
 * const decoder = streamDecoder(tokenizer);
 * assertEquals([2, 0, 1, 2].map((id) => decoder.push(id)), ["h", "", "é", "h"]); // é is two bytes
 * ```
 *
 * @param tokenizer Whose ids they are; borrowed.
 * @returns The decoder; `push` throws a RangeError for an id that the vocabulary has not.
 */
export function streamDecoder(tokenizer: Pick<Tokenizer, "decode">): StreamDecoder {
  let ids: number[] = []; // the ids of the last piece given out, for its spaces, then those held back
  let given = 0; // how many of them are given out
  const rest = (): string => {
    const before = tokenizer.decode(ids.slice(0, given));
    return tokenizer.decode(ids).slice(before.length);
  };
  const give = (text: string): string => {
    if (text !== "") ids = ids.slice(given); // an id without text stays: the next still stands at the start
    given = ids.length;
    return text;
  };
  return {
    push(id: number): string {
      ids.push(id);
      const text = rest();
      if (text.endsWith("\ufffd") && ids.length - given <= LONGEST_WAIT) return "";
      return give(text);
    },
    flush(): string {
      const text = rest();
      ids = [];
      given = 0;
      return text;
    },
  };
}
