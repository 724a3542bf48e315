// The judge's lexicon keeps strong, known words that the rule does not use.
import { assertEquals } from "@std/assert";
import { judgeWords } from "../../../tools/prompts/make_judge_lexicon.ts";

Deno.test("judgeWords() leaves out the rule's words, names, weak, unknown and story words", () => {
  const valences = {
    glad: 3,
    sad: -2,
    happiness: 3,
    helps: 2,
    grace: 2,
    yes: 1,
    awful: -3,
    fun: 4,
  };
  const known = new Set(["glad", "sad", "happiness", "helps", "grace", "yes", "fun"]);
  assertEquals(judgeWords(valences, known), { glad: 3, sad: -2 });
});
