// The generator: same seed, same prompts, each in words that are allowed.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { loadPrompts } from "../../../stories/prompts.ts";
import {
  bothLists,
  fillFrame,
  makePrompts,
  makeRandom,
  MOST_ALIKE,
  wordJaccard,
} from "../../../tools/prompts/make_prompts.ts";
import { EVALUATION_FRAMES, FRAMES } from "../../../tools/prompts/templates.ts";

Deno.test("bothLists() makes what is committed", async () => {
  // The training text holds none of them, so making them without it gives the same.
  assertEquals(bothLists("", () => true), await loadPrompts());
});

Deno.test("makePrompts() leaves out what resembles others", () => {
  const others = ["Tom and his dog found a muddy box by the river."];
  const frames = ["{n} and {his} {pet} found a(n) {look} {object} {spot}."];
  const alike = (prompts: readonly string[]) =>
    prompts.filter((prompt) => wordJaccard(prompt, others[0]) >= MOST_ALIKE);
  assert(alike(makePrompts(400, "", () => true, frames)).length > 0);
  assertEquals(alike(makePrompts(400, "", () => true, frames, others)), []);
});

Deno.test("wordJaccard() is the words of both among those of either", () => {
  assertEquals(wordJaccard("A dog ran.", "a DOG sat"), 2 / 4);
  assertEquals([wordJaccard("a b", "c"), wordJaccard("a b", "b a a"), wordJaccard("", "")], [
    0,
    1,
    0,
  ]);
});

Deno.test("makePrompts() leaves out what the training text has", () => {
  const [first] = makePrompts(50, "", () => true);
  assert(!makePrompts(50, `Long ago. ${first} The end.`, () => true).includes(first));
});

Deno.test("makePrompts() refuses a word that is not allowed, and more than there is", () => {
  assertThrows(() => makePrompts(500, "", (word) => word !== "box"), TypeError, '"box"');
  const frames = ["{n} went to the {place} with {m}."]; // 9 places: names make no new prompt
  assertEquals(makePrompts(9, "", () => true, frames).length, 9);
  assertThrows(() => makePrompts(10, "", () => true, frames), RangeError, "words ran out");
});

Deno.test("fillFrame() fits pronouns and articles, and never repeats a word or a child", () => {
  const random = makeRandom(1);
  for (let i = 0; i < 300; i++) {
    const [first, pronoun, second] = fillFrame("{n} {his} {m}", random).text.split(" ");
    assert(first !== second);
    assert(pronoun === "his" || pronoun === "her");
    const { text } = fillFrame("A(n) {size} {animal} saw a(n) {size} {food}.", random);
    const [article, size, , , , other, food] = text.replace(".", "").split(" ");
    assertEquals(article, /^[aeiou]/.test(size) ? "An" : "A");
    assert(size !== other && size !== food, text);
  }
  assertThrows(() => fillFrame("{nothing}", random), TypeError, "{nothing}");
});

Deno.test("FRAMES and EVALUATION_FRAMES all fill without braces left", () => {
  const random = makeRandom(2);
  for (const frame of [...FRAMES, ...EVALUATION_FRAMES]) {
    assert(!/[{}()]/.test(fillFrame(frame, random).text), frame);
  }
});

Deno.test("makeRandom() is uniform enough and repeatable", () => {
  const random = makeRandom(3), again = makeRandom(3);
  let sum = 0;
  for (let i = 0; i < 10_000; i++) {
    const x = random();
    assertEquals(x, again());
    assert(x >= 0 && x < 1);
    sum += x;
  }
  assert(Math.abs(sum / 10_000 - 0.5) < 4 / Math.sqrt(12 * 10_000)); // 4 standard deviations
});
