// Pairs of neighbours within sentences, none of them the rule's.
import { assertEquals } from "@std/assert";
import { wordPairs } from "../../../tools/prompts/make_word_pairs.ts";

Deno.test("wordPairs() counts neighbours within a sentence and leaves the rule's words out", () => {
  const text = "A dog ran. A dog sat. A dog helped a cat. The cat ran. Dog ran.";
  assertEquals(wordPairs(text, 2), new Map([["a", ["dog"]], ["dog", ["ran"]]]));
  assertEquals([...wordPairs(text, 1).keys()], ["a", "cat", "dog", "the"]);
});
