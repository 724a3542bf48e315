// Names: one pronoun each, no name that is also a word of the stories' lexicon of deeds.
import { assert, assertEquals } from "@std/assert";
import { KIND, UNKIND } from "../../stories/kind_lexicon.ts";
import { NAMES } from "../../stories/names.ts";

Deno.test("NAMES has each name once, capitalised, of both pronouns", () => {
  assertEquals(new Set(NAMES.map(({ name }) => name)).size, NAMES.length);
  for (const { name } of NAMES) {
    assert(/^[A-Z][a-z]+$/.test(name), name);
    assert(!KIND.has(name.toLowerCase()) && !UNKIND.has(name.toLowerCase()), name);
  }
  const girls = NAMES.filter(({ pronoun }) => pronoun === "she").length;
  assert(Math.abs(girls - NAMES.length / 2) <= 2, `${girls} of ${NAMES.length}`);
});
