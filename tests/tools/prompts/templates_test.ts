// Frames and word lists fit each other.
import { assert, assertEquals } from "@std/assert";
import { loadWordList } from "../../../stories/text_quality.ts";
import { wordsOf } from "../../../stories/words.ts";
import { EVALUATION_FRAMES, FRAMES, MORE_SLOTS, SLOTS } from "../../../tools/prompts/templates.ts";

const PEOPLE = new Set(["n", "m", "he", "him", "his"]);

Deno.test("frames use known slots, every slot is used, and none stands in both lists", () => {
  const all = [...FRAMES, ...EVALUATION_FRAMES];
  const used = new Set(all.flatMap((frame) => frame.match(/(?<=\{)\w+/g) ?? []));
  const lists = new Set([...Object.keys(SLOTS), ...Object.keys(MORE_SLOTS)]);
  assertEquals([...used].filter((slot) => !PEOPLE.has(slot) && !lists.has(slot)), []);
  assertEquals([...lists].filter((slot) => !used.has(slot)), []);
  assertEquals(new Set(all).size, all.length);
});

Deno.test("SLOTS hold words of the stories, each once", async () => {
  const known = await loadWordList();
  for (const [slot, list] of Object.entries({ ...SLOTS, ...MORE_SLOTS })) {
    assertEquals(new Set(list).size, list.length, slot);
    for (const word of list.flatMap(wordsOf)) assert(known.has(word), `${slot}: ${word}`);
  }
});
