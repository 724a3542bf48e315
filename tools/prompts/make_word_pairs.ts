// deno-lint-ignore-file no-console
// Makes stories/assets/word_pairs.txt: which word follows which in children's stories, for the held-out judge.
//   deno run -A tools/prompts/make_word_pairs.ts TRAIN_TEXT stories/assets/word_pairs.txt
import { cleanText } from "../../stories/clean_text.ts";
import { isRuleWord } from "../../stories/kind_lexicon.ts";
import { sentencesOf, wordsOf } from "../../stories/words.ts";

/** Fewest times that a pair stands in the text. */
const FEWEST = 2;

/**
 * The pairs of neighbouring words within a sentence, but for those with a word of the training rule.
 *
 * @param text The training text, cleaned.
 * @param fewest Times that a pair must stand in it.
 * @returns Followers by word, all sorted.
 */
export function wordPairs(text: string, fewest = FEWEST): ReadonlyMap<string, readonly string[]> {
  const counts = new Map<string, number>();
  for (const sentence of sentencesOf(text)) {
    const words = wordsOf(sentence.text);
    for (let i = 1; i < words.length; i++) {
      if (isRuleWord(words[i - 1]) || isRuleWord(words[i])) continue;
      const pair = `${words[i - 1]} ${words[i]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
  }
  const kept = [...counts].filter(([, count]) => count >= fewest).map(([pair]) => pair).sort();
  const followers = Map.groupBy(kept, (pair) => pair.split(" ")[0]);
  return new Map(
    [...followers].map(([word, pairs]) => [word, pairs.map((pair) => pair.split(" ")[1])]),
  );
}

if (import.meta.main) {
  const [textFile, outFile] = Deno.args;
  const followers = wordPairs(cleanText(await Deno.readTextFile(textFile)));
  const lines = [...followers].map(([word, next]) => `${word}: ${next.join(" ")}`);
  await Deno.writeTextFile(outFile, lines.join("\n") + "\n");
  const pairs = followers.values().reduce((sum, next) => sum + next.length, 0);
  console.log(`${outFile}: ${pairs} pairs`);
}
