// Words and sentences, cut texts included.
import { assertEquals } from "@std/assert";
import { isCut, sentencesOf, stem, withoutPossessive, wordsOf } from "../../stories/words.ts";

Deno.test("wordsOf() keeps contractions and drops marks", () => {
  assertEquals(wordsOf(`"Don't go," said Lily's mom. It\u2019s 5!`), [
    "don't",
    "go",
    "said",
    "lily's",
    "mom",
    "it's",
  ]);
  assertEquals(wordsOf(""), []);
});

Deno.test("withoutPossessive() drops 's from nouns, not from contractions", () => {
  assertEquals(["lily's", "it's", "let's", "dogs"].map(withoutPossessive), [
    "lily",
    "it's",
    "let's",
    "dogs",
  ]);
});

Deno.test("sentencesOf() splits at ends, keeps closing quotes, marks the cut one", () => {
  const text = ' He said, "Thank you, mom!" They ran...\n\nThe dog was';
  assertEquals(sentencesOf(text), [
    { text: 'He said, "Thank you, mom!"', finished: true },
    { text: "They ran...", finished: true },
    { text: "The dog was", finished: false },
  ]);
  assertEquals(sentencesOf(" ... !"), []);
});

Deno.test("isCut() sees whether the last sentence is finished", () => {
  const texts = ["He ran.", '"Yes!" ', "He ran", "He ran. She", ""];
  assertEquals(texts.map(isCut), [false, false, true, true, true]);
});

const FAMILIES = [
  ["help", "helps", "helped", "helping", "helpful", "helper"],
  ["hug", "hugs", "hugged", "hugging"],
  ["smile", "smiles", "smiled", "smiling"],
  ["happy", "happily", "happiness", "happier"],
  ["kind", "kindly", "kindness", "kinder"],
  ["share", "shared", "sharing", "shares"],
  ["carry", "carried", "carries"],
];
Deno.test("stem() puts the forms of a word together and different words apart", () => {
  const stems = FAMILIES.map((family) => new Set(family.map(stem)));
  for (const [i, set] of stems.entries()) assertEquals([FAMILIES[i], set.size], [FAMILIES[i], 1]);
  assertEquals(new Set(stems.flatMap((set) => [...set])).size, FAMILIES.length);
  assertEquals(stem("his") === stem("hi"), false);
});
