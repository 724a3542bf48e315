// The text that the embedded model learns from: stories, split the same way everywhere, the last 40 held out.
import type { Tokenizer } from "../../core/mod.ts";

/** Stories held out at the end of tinystories/train.txt; never trained on. */
export const HELD_OUT = 40;

/** One newline ends a story, a blank line ends a paragraph. */
export function splitStories(text: string): string[] {
  return text.split(/(?<!\n)\n(?!\n)/).filter((story) => story.trim() !== "");
}

/** A story as training windows of at most `context` tokens: end-of-text, ids, end-of-text. */
export function windows(tokenizer: Tokenizer, story: string, context: number): Uint32Array[] {
  const end = tokenizer.eosId!;
  const ids = Uint32Array.from([end, ...tokenizer.encode(story.trim()), end]);
  const out: Uint32Array[] = [];
  for (let from = 0; from + 8 < ids.length; from += context - 1) {
    out.push(ids.subarray(from, from + context));
  }
  return out;
}
