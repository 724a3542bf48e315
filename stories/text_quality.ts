// How readable a text is, in three numbers for reports: repetition, misspelling, length.
import { isCut, withoutPossessive, wordsOf } from "./words.ts";
import { cannotRead } from "../core/base/mistake.ts";

/** Three numbers of one text. */
export interface TextQuality {
  /** Share of three-word sequences that stood in the text before, 0 to 1. */
  readonly repetition: number;
  /** Share of words that are not in the word list, 0 to 1. */
  readonly misspelt: number;
  /** Number of words. */
  readonly words: number;
}

/**
 * Measures a text.
 *
 * @param text The text; if it was cut off, its last word may be cut too and is not called misspelt.
 * @param known Words that are spelt right, lower case, as `loadWordList` gives them.
 * @returns Shares in [0, 1] and the number of words; all 0 for a text without words.
 */
export function textQuality(text: string, known: ReadonlySet<string>): TextQuality {
  const words = wordsOf(text);
  return {
    repetition: repeatedShare(words, 3),
    misspelt: misspeltShare(isCut(text) ? words.slice(0, -1) : words, known),
    words: words.length,
  };
}

/** Share of the n-word sequences that stood in the list before; 0 if there is none. */
export function repeatedShare(words: readonly string[], n: number): number {
  const total = words.length - n + 1;
  if (total < 1) return 0;
  const seen = new Set<string>();
  for (let i = 0; i < total; i++) seen.add(words.slice(i, i + n).join(" "));
  return 1 - seen.size / total;
}

/** Share of the n-word sequences of all texts together that are different: 1 where none comes twice, 1 for none. */
export function distinctShare(texts: readonly string[], n: number): number {
  const all = texts.map(wordsOf).flatMap((words) =>
    words.slice(n - 1).map((_, i) => words.slice(i, i + n).join(" "))
  );
  return all.length === 0 ? 1 : new Set(all).size / all.length;
}

/** Share of the words that are not known, possessives read without their ending. */
export function misspeltShare(words: readonly string[], known: ReadonlySet<string>): number {
  if (words.length === 0) return 0;
  const wrong = words.filter((word) => !known.has(word) && !known.has(withoutPossessive(word)));
  return wrong.length / words.length;
}

/** Mean quality of several texts; all 0 for none. */
export function meanQuality(texts: readonly string[], known: ReadonlySet<string>): TextQuality {
  const all = texts.map((text) => textQuality(text, known));
  const mean = (of: (quality: TextQuality) => number): number =>
    all.length === 0 ? 0 : all.reduce((sum, quality) => sum + of(quality), 0) / all.length;
  return {
    repetition: mean((quality) => quality.repetition),
    misspelt: mean((quality) => quality.misspelt),
    words: mean((quality) => quality.words),
  };
}

/**
 * Loads the committed word list: words of the training stories that a dictionary knows, and names.
 *
 * @returns Lower-case words.
 * @throws {Error} If the file cannot be read.
 */
export async function loadWordList(): Promise<ReadonlySet<string>> {
  const url = new URL("./assets/words.txt", import.meta.url);
  const response = await fetch(url);
  if (!response.ok) {
    throw cannotRead(url.href, { found: `status is ${response.status}`, expected: "200" });
  }
  return new Set((await response.text()).split(/\s+/).filter((word) => word !== ""));
}
