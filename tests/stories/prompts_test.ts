// The committed prompts: enough, well formed, and evaluation unlike training.
import { assert, assertEquals } from "@std/assert";
import { NAMES } from "../../stories/names.ts";
import { loadPrompts } from "../../stories/prompts.ts";
import { loadWordList, misspeltShare } from "../../stories/text_quality.ts";
import { wordsOf } from "../../stories/words.ts";
import { wordJaccard } from "../../tools/prompts/make_prompts.ts";

const { train, evaluation } = await loadPrompts();
const all = [...train, ...evaluation];

Deno.test("loadPrompts() has at least 1,200 to train on and exactly 256 to evaluate on", () => {
  assert(train.length >= 1200, `${train.length}`);
  assertEquals(evaluation.length, 256);
  assertEquals(new Set(all).size, all.length);
});

Deno.test("loadPrompts() has single sentences of 6 to 16 known words", async () => {
  const known = await loadWordList();
  for (const prompt of all) {
    const words = wordsOf(prompt);
    assert(words.length >= 6 && words.length <= 16, prompt);
    assert(/^[A-Z][a-z ,'A-Z]+\.$/.test(prompt), prompt);
    assert(!/\ba [aeiou]|\ban [^aeiou]|\s{2}|[{}]/i.test(prompt), prompt);
    assertEquals(misspeltShare(words, known), 0, prompt);
  }
});

Deno.test("loadPrompts() shares no sentence between the lists, names aside either", () => {
  const names = new RegExp(`\\b(?:${NAMES.map(({ name }) => name).join("|")})\\b`, "g");
  const pronouns = /\b(?:he|she|his|her|him)\b/g;
  const bare = (prompt: string): string => prompt.replace(names, "N").replace(pronouns, "P");
  const seen = new Set(train.map(bare));
  assertEquals(evaluation.filter((prompt) => seen.has(bare(prompt))), []);
});

Deno.test("loadPrompts() evaluates on nothing that a training prompt resembles", () => {
  const closest = evaluation.map((prompt) =>
    Math.max(...train.map((other) => wordJaccard(prompt, other)))
  );
  assert(Math.max(...closest) < 0.6, `${Math.max(...closest)}`);
});
