// The text that the embedded model learns from: stories, split the same way everywhere, the last 40 held out.
import type { Tokenizer } from "../../core/mod.ts";
import { misspeltShare } from "../../stories/text_quality.ts";
import { wordsOf } from "../../stories/words.ts";

/** Stories held out at the end of tinystories/train.txt; never trained on. */
export const HELD_OUT = 40;

/** One newline ends a story, a blank line ends a paragraph. */
export function splitStories(text: string): string[] {
  return text.split(/(?<!\n)\n(?!\n)/).filter((story) => story.trim() !== "");
}

/**
 * A story up to the last sentence before its first misspelt word: what a teacher sampled at a high temperature says
 * before it stumbles. `whole`: nothing was cut.
 */
export function speltStart(
  story: string,
  known: ReadonlySet<string>,
): { text: string; whole: boolean } {
  let text = "";
  for (const sentence of story.match(/[^.!?]+[.!?]*["')]*\s*/g) ?? []) {
    if (misspeltShare(wordsOf(sentence), known) > 0) return { text, whole: false };
    text += sentence;
  }
  return { text, whole: true };
}

/** A story as training windows of at most `context` tokens: end-of-text, ids, and end-of-text if it is `whole`. */
export function windows(
  tokenizer: Tokenizer,
  story: string,
  context: number,
  whole = true,
): Uint32Array[] {
  const end = tokenizer.eosId!;
  const ids = Uint32Array.from([end, ...tokenizer.encode(story.trim()), ...(whole ? [end] : [])]);
  const out: Uint32Array[] = [];
  for (let from = 0; from + 8 < ids.length; from += context - 1) {
    out.push(ids.subarray(from, from + context));
  }
  return out;
}
