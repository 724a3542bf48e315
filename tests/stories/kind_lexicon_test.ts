// The rule's lexicon is consistent with itself.
import { assert, assertEquals } from "@std/assert";
import { KIND, NEGATIONS, UNKIND } from "../../stories/kind_lexicon.ts";
import { loadWordList } from "../../stories/text_quality.ts";

Deno.test("KIND and UNKIND share no word and weigh in (0, 1.2]", () => {
  for (const [word, weight] of [...KIND, ...UNKIND]) {
    assert(weight > 0 && weight <= 1.2, word);
    assert(!(KIND.has(word) && UNKIND.has(word)), word);
    assert(!NEGATIONS.has(word), word);
  }
});

Deno.test("KIND and UNKIND are spelt as the stories spell", async () => {
  const known = await loadWordList();
  const strange = [...KIND.keys(), ...UNKIND.keys()].filter((word) => !known.has(word));
  assertEquals(strange, []);
});
