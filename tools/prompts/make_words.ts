// deno-lint-ignore-file no-console
// Makes stories/assets/words.txt: the words that count as spelt right in a story.
// Words of the training text that a real dictionary knows, the other forms of the common ones,
// the names that the text uses often, and the words of the rule's lexicon.
//   deno run -A tools/prompts/make_words.ts TRAIN_TEXT stories/assets/words.txt
import nspell from "npm:nspell@2.1.5";
import dictionary from "npm:dictionary-en@4.0.0";
import { cleanText } from "../../stories/clean_text.ts";
import { KIND, UNKIND } from "../../stories/kind_lexicon.ts";
import { NAMES } from "../../stories/names.ts";
import { withoutPossessive, wordsOf } from "../../stories/words.ts";

/** Fewest uses for a word of two letters, a name, and a word to give its other forms. */
const COMMON = 3;

/** A spelling dictionary: whether it knows a word as written. */
export type Knows = (word: string) => boolean;

/** The other regular forms of a word, right or wrong. */
export function formsOf(word: string): string[] {
  const last = word.at(-1)!;
  const stems = [word, word + last];
  if (last === "e") stems.push(word.slice(0, -1));
  if (last === "y") stems.push(word.slice(0, -1) + "i");
  return stems.flatMap((base) => ["s", "es", "d", "ed", "ing"].map((e) => base + e));
}

/**
 * The word list of a text: sorted, lower case, without repeats.
 *
 * @param text The training text, cleaned.
 * @param knows The dictionary; it is asked for lower case and capitalised forms.
 * @param extra Names and other words to allow in any case.
 * @returns Words; contractions keep their apostrophe.
 */
export function wordList(text: string, knows: Knows, extra: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const word of wordsOf(text).map(withoutPossessive)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const capital = (word: string): string => word[0].toUpperCase() + word.slice(1);
  const isName = (word: string): boolean =>
    word.length > 2 && text.includes(` ${capital(word)} `) && !text.includes(` ${word} `);
  const list = new Set(extra.map((word) => word.toLowerCase()));
  for (const [word, count] of counts) {
    const lower = knows(word);
    const common = count >= COMMON;
    const odd = knows(capital(word)) || knows(word.toUpperCase()) || isName(word);
    if (!lower && !(common && odd)) continue;
    if (word.length <= 2 && !common) continue;
    list.add(word);
    if (!lower || !common || word.length < 3 || word.includes("'")) continue;
    for (const form of formsOf(word)) if (knows(form)) list.add(form);
  }
  return [...list].sort();
}

if (import.meta.main) {
  const [textFile, outFile] = Deno.args;
  const spell = nspell(dictionary);
  const text = cleanText(await Deno.readTextFile(textFile));
  const extra = [...NAMES.map(({ name }) => name), ...KIND.keys(), ...UNKIND.keys()];
  const list = wordList(text, (word) => spell.correct(word), extra);
  await Deno.writeTextFile(outFile, list.join("\n") + "\n");
  console.log(`${outFile}: ${list.length} words`);
}
