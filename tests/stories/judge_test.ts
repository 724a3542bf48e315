// The judge prefers kind stories for reasons of its own.
import { assert, assertEquals } from "@std/assert";
import { heldOut, judgeParts, loadJudge, loadValences, moodJudge } from "../../stories/judge.ts";
import { KIND, UNKIND } from "../../stories/kind_lexicon.ts";
import { ruleParts } from "../../stories/rule.ts";
import { loadWordList } from "../../stories/text_quality.ts";
import { stem } from "../../stories/words.ts";
import { GOOD, PLAIN, PROMPT, REPETITIVE, SPAM, UNKIND as UNKIND_TEXTS } from "./support.ts";

const judge = await loadJudge();
const valences = await loadValences();
const points = (text: string): number => judge(PROMPT, text);
const RULE_WORDS = [...KIND.keys(), ...UNKIND.keys()];

Deno.test("loadJudge() puts kind before plain before unkind", () => {
  for (const good of GOOD) {
    assert(points(good) > points(PLAIN) + 0.5, `${points(good)}, plain ${points(PLAIN)}: ${good}`);
    for (const unkind of UNKIND_TEXTS) assert(points(PLAIN) > points(unkind), `${points(unkind)}`);
  }
});

Deno.test("loadJudge() puts good and plain continuations before spam", () => {
  for (const spam of SPAM) {
    for (const text of [...GOOD, PLAIN]) assert(points(text) > points(spam) + 1, spam);
  }
});

Deno.test("loadJudge() does not pay a good word twice", () => {
  const mood = (text: string): number => judgeParts(text, valences).mood;
  const once = mood(" She was glad. He saw a tree.");
  assert(once > 0);
  assertEquals(mood(" She was glad. She was glad. She was glad."), once);
  for (const good of GOOD) assert(points(good) >= points(REPETITIVE) - 0.5);
});

Deno.test("heldOut() leaves no word, and no form of a word, of the rule's lexicon", () => {
  const taken = new Set(RULE_WORDS.map(stem));
  for (const list of [valences, heldOut(new Map(RULE_WORDS.map((word) => [word, 5])))]) {
    for (const word of heldOut(list).keys()) assert(!taken.has(stem(word)), word);
  }
  assertEquals(heldOut(new Map([["happiness", 3], ["glad", 3]])), new Map([["glad", 3]]));
});

Deno.test("the committed lexicon is held out already, with valences from −5 to 5", () => {
  assertEquals(heldOut(valences), valences);
  assert(valences.size > 200);
  for (const [word, value] of valences) {
    assert(!KIND.has(word) && !UNKIND.has(word), word);
    assert(Number.isInteger(value) && Math.abs(value) <= 5 && value !== 0, word);
  }
});

Deno.test("the judge does not hear the rule's words, nor the rule's kindness the judge's", async () => {
  const known = await loadWordList();
  const frame = (word: string): string => ` The dog was ${word} and she saw a tree.`;
  for (const word of RULE_WORDS) assertEquals(points(frame(word)), points(frame("tall")), word);
  for (const word of valences.keys()) {
    assertEquals(ruleParts(PROMPT, frame(word), known).kindness, 0, word);
  }
});

Deno.test("moodJudge() leaves the rule's words out whatever lexicon it is given", () => {
  const greedy = moodJudge(new Map([...RULE_WORDS.map((word) => [word, 5] as const), ["glad", 3]]));
  assertEquals(greedy("", " He was happy to share."), greedy("", " He was slow to paint."));
  assert(greedy("", " He was glad to paint.") > greedy("", " He was slow to paint."));
});

Deno.test("judgeParts() reads moods, denials, ends, people, deeds, speech and setbacks", () => {
  const parts = (text: string) => judgeParts(text, valences);
  assert(parts(" She was sad.").mood < 0);
  assert(parts(" She was not sad.").mood > 0);
  assert(parts(" She was sad. Then she was glad.").end > 0);
  assert(parts(" She was glad. Then she was sad.").end < 0);
  assert(parts(" You and I will go with them.").people > 0);
  assert(parts(" It was a big thing and it fell.").people < 0);
  assert(parts(" He read a book to her and told her.").towards > parts(" He read a book.").towards);
  assert(parts(' "You can come in," he said.').speech > parts(" He was in the house.").speech);
  assert(parts(" But then he fell in the mud.").setbacks < 0);
  assertEquals(parts(" He was in the house.").setbacks, 0);
  assertEquals(parts("").form, -3);
  assertEquals(parts(" He was in the house.").form, 0);
});

Deno.test("loadJudge() ignores the prompt and is finite on any text", () => {
  for (const text of [...GOOD, ...SPAM, "", "?!", "a", " .", '"""']) {
    assert(Number.isFinite(points(text)), text);
    assertEquals(judge("Another prompt.", text), points(text));
  }
});
