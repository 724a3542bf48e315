// The word list takes what is spelt right, not what is merely frequent.
import { assert, assertEquals } from "@std/assert";
import { formsOf, wordList } from "../../../tools/prompts/make_words.ts";

const DICTIONARY = new Set([
  "the",
  "dog",
  "dogs",
  "ran",
  "jump",
  "jumped",
  "jumping",
  "Tom",
  "it's",
]);
const knows = (word: string): boolean => DICTIONARY.has(word);

Deno.test("wordList() keeps dictionary words, frequent names, and given names", () => {
  const text = "The dog ran. Tom ran. Tom and Tom's dog rannn rannn rannn rannn. It's Bimbo. " +
    "So Bimbo and Bimbo ran.";
  assertEquals(wordList(text, knows, ["Lily"]), [
    "bimbo",
    "dog",
    "it's",
    "lily",
    "ran",
    "the",
    "tom",
  ]);
});

Deno.test("wordList() adds the forms of common words that the dictionary knows", () => {
  assertEquals(wordList("jump jump jump", knows, []), ["jump", "jumped", "jumping"]);
  assertEquals(wordList("jump jump", knows, []), ["jump"]);
});

Deno.test("formsOf() doubles, drops e and turns y", () => {
  assert(formsOf("hug").includes("hugged"));
  assert(formsOf("smile").includes("smiling"));
  assert(formsOf("carry").includes("carried"));
});
