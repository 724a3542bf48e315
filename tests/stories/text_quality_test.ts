// The three numbers of a text, on texts where they can be counted by hand.
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  distinctShare,
  loadWordList,
  meanQuality,
  misspeltShare,
  repeatedShare,
  textQuality,
} from "../../stories/text_quality.ts";
import { GOOD, MISSPELT, REPETITIVE } from "./support.ts";

const known = await loadWordList();

Deno.test("repeatedShare() counts the sequences that stood before", () => {
  assertEquals(repeatedShare(["a", "b", "c"], 3), 0);
  assertEquals(repeatedShare(["a", "b"], 3), 0);
  assertEquals(repeatedShare(["a", "a", "a", "a"], 3), 0.5); // 2 sequences, 1 kind
  assertEquals(repeatedShare("a b c a b c".split(" "), 3), 0.25); // abc bca cab abc
});

Deno.test("misspeltShare() takes possessives for their word", () => {
  const words = new Set(["dog", "lily", "ran"]);
  assertEquals(misspeltShare(["lily's", "dog", "rann", "ran"], words), 0.25);
  assertEquals(misspeltShare([], words), 0);
});

Deno.test("textQuality() leaves out the last word of a cut text only", () => {
  assertEquals(textQuality("The dog ra", known), { repetition: 0, misspelt: 0, words: 3 });
  assertAlmostEquals(textQuality("The dog rzn.", known).misspelt, 1 / 3);
  assertEquals(textQuality("", known), { repetition: 0, misspelt: 0, words: 0 });
});

Deno.test("textQuality() tells good from repetitive and misspelt", () => {
  const good = textQuality(GOOD[0], known);
  assertEquals(good.misspelt, 0);
  assert(textQuality(REPETITIVE, known).repetition > 0.8);
  assert(good.repetition < 0.05);
  assert(textQuality(MISSPELT, known).misspelt > 0.25);
});

Deno.test("meanQuality() weighs texts alike", () => {
  const mean = meanQuality(["a a a a.", "The dog ran far away."], known);
  assertEquals(mean, { repetition: 0.25, misspelt: 0, words: 4.5 });
  assertEquals(meanQuality([], known), { repetition: 0, misspelt: 0, words: 0 });
});

Deno.test("loadWordList() knows common words, names and contractions, and no misspellings", async () => {
  for (const word of ["the", "said", "don't", "lily", "wagon", "hugged", "i"]) {
    assert(known.has(word), word);
  }
  for (const word of ["litttle", "suprised", "runnning", "brid", "th", ""]) {
    assert(!known.has(word), word);
  }
  const file = new URL("../../stories/assets/words.txt", import.meta.url);
  assert((await Deno.stat(file)).size <= 60_000);
});

Deno.test("distinctShare() counts what all texts repeat together", () => {
  assertEquals(distinctShare(["a b c d", "A b, c!"], 3), 2 / 3);
  assertEquals(distinctShare(["a b c", "d e f"], 3), 1);
  assertEquals([distinctShare([], 3), distinctShare(["a b"], 3)], [1, 1]);
});
