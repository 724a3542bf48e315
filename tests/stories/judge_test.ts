// The judge prefers stories that feel good and read well, for reasons of its own.
import { assert, assertEquals } from "@std/assert";
import {
  heldOut,
  judgeParts,
  loadFollowers,
  loadJudge,
  loadValences,
  moodJudge,
} from "../../stories/judge.ts";
import { isRuleWord, KIND, UNKIND } from "../../stories/kind_lexicon.ts";
import { loadReferences } from "../../stories/references.ts";
import { ruleParts } from "../../stories/rule.ts";
import { loadWordList } from "../../stories/text_quality.ts";
import { wordsOf } from "../../stories/words.ts";
import { DEGENERATE, OPENING } from "./degenerate.ts";
import { GOOD, PLAIN, PROMPT, REPETITIVE, SPAM } from "./support.ts";

const judge = await loadJudge();
const valences = await loadValences();
const followers = await loadFollowers();
const knowledge = { valences, followers };
const points = (text: string): number => judge(PROMPT, text);
const parts = (text: string) => judgeParts(PROMPT, text, knowledge);
const RULE_WORDS = [...KIND.keys(), ...UNKIND.keys()];

/** Good, plain and bad in words that are not the rule's, as the stories model writes. */
const GLAD = " The dog was very glad. He saw that they were safe, and they all loved the big tree.";
const NEITHER =
  " The dog was very big. He saw that they were there, and they all saw the big tree.";
const GRIM = " The dog was very angry. He saw that they were sad, and they all had a bad day.";

Deno.test("loadJudge() puts glad before plain before grim", () => {
  const [glad, plain, grim] = [GLAD, NEITHER, GRIM].map(points);
  assert(glad > plain + 1 && plain > grim + 1, `${glad}, ${plain}, ${grim}`);
});

Deno.test("loadJudge() puts good and plain continuations before spam", () => {
  for (const spam of [...SPAM, REPETITIVE]) {
    for (const text of [...GOOD, PLAIN]) assert(points(text) > points(spam) + 1, spam);
  }
});

for (const [kind, text] of DEGENERATE) {
  Deno.test(`loadJudge() puts ${kind} below the median answer of the SFT model`, async () => {
    const { continuations } = await loadReferences();
    const scores = continuations.map(({ prompt, text }) => judge(prompt, text));
    const median = scores.toSorted((a, b) => a - b)[scores.length / 2];
    assert(judge(OPENING, text) < median - 0.5, `${judge(OPENING, text)}, median ${median}`);
  });
}

Deno.test("loadJudge() scores as before where a word of the rule stands for another", () => {
  const [kindWords, unkindWords] = [[...KIND.keys()], [...UNKIND.keys()]];
  const phrases = [
    " He WORD him.",
    " They were WORD.",
    ' "WORD you," she said.',
    " She WORD it to them.",
  ];
  for (const phrase of phrases) {
    const scores = [...kindWords, ...unkindWords].map((word) =>
      points(NEITHER + phrase.replace("WORD", word))
    );
    assertEquals(new Set(scores).size, 1, `${phrase}: kind or unkind, it is all the same`);
  }
});

/** Phrases of the rule's deeds, as stories have them; W is the deed. */
const FRAMES = [
  " Tom W him.",
  " They W each other.",
  ' "W you," she said.',
  " She W it to you and me.",
  " We W them and I was W too.",
  " He was W to her but they were W.",
];

/** Words of no feeling and no deed, to say as much with. */
const OTHERS = ["saw", "found", "walked", "painted", "read", "opened", "looked", "tall", "green"];

Deno.test("loadJudge() moves no more by a rule phrase than by its length", () => {
  for (const story of [GLAD, NEITHER, GRIM]) {
    const change = (frame: string, word: string): number =>
      Math.abs(points(story + frame.replaceAll("W", word)) - points(story));
    for (const frame of FRAMES) {
      const length = Math.max(...OTHERS.map((word) => change(frame, word)));
      for (const word of RULE_WORDS) {
        const found = change(frame, word);
        assert(found <= length + 1e-9, `${frame} with ${word}: ${found}, by length ${length}`);
      }
    }
  }
});

Deno.test("heldOut() leaves no word, and no form of a word, of the rule's lexicon", () => {
  for (const list of [valences, heldOut(new Map(RULE_WORDS.map((word) => [word, 5])))]) {
    for (const word of heldOut(list).keys()) assert(!isRuleWord(word), word);
  }
  assertEquals(heldOut(new Map([["happiness", 3], ["glad", 3]])), new Map([["glad", 3]]));
});

Deno.test("the committed lists are held out already, valences from −5 to 5", () => {
  assertEquals(heldOut(valences), valences);
  assert(valences.size > 200);
  for (const [word, value] of valences) {
    assert(Number.isInteger(value) && Math.abs(value) <= 5 && value !== 0, word);
  }
  assert(followers.size > 1000);
  for (const [word, next] of followers) {
    for (const one of [word, ...next]) {
      assertEquals(wordsOf(one), [one]);
      assert(!isRuleWord(one), one);
    }
  }
});

Deno.test("the rule's kindness does not hear the judge's words", async () => {
  const known = await loadWordList();
  for (const word of valences.keys()) {
    const text = ` The dog was ${word} and she saw a tree.`;
    assertEquals(ruleParts(PROMPT, text, known).kindness, 0, word);
  }
});

Deno.test("moodJudge() leaves the rule's words out whatever lexicon it is given", () => {
  const greedy = moodJudge({
    valences: new Map([...RULE_WORDS.map((word) => [word, 5] as const), ["glad", 3]]),
    followers,
  });
  assertEquals(greedy("", " He was happy to share."), greedy("", " He was helped to hit."));
  assert(greedy("", " He was glad to paint.") > greedy("", " He was slow to paint."));
});

Deno.test("judgeParts() reads moods, denials and ends, and pays a good word once", () => {
  assert(parts(" She was sad.").mood < 0);
  assert(parts(" She was not sad.").mood > 0);
  assert(parts(" She was sad. Then she was glad.").end > 0);
  assert(parts(" She was glad. Then she was sad.").end < 0);
  const once = parts(" She was glad. He saw a tree.").mood;
  assertEquals(parts(" She was glad. She was glad. She was glad.").mood, once);
});

Deno.test("judgeParts() sees words out of place, loops, copies of the prompt, and no sentences", () => {
  assertEquals(parts(GLAD).flow, 0);
  assert(parts(" Glad very the was dog. Safe they saw were that he all loved tree the.").flow < -8);
  assert(parts(" It was.").flow < parts(" It was there.").flow); // too short to know
  assertEquals([parts(GLAD).loops, parts(GLAD).echo, parts(GLAD).form], [0, 0, 0]);
  assert(parts(GLAD.repeat(2)).loops < -2);
  assert(parts(` ${PROMPT}`).echo < -5);
  assertEquals(parts("").form, -3);
});

Deno.test("loadJudge() is finite on any text", () => {
  for (const text of [...GOOD, ...SPAM, "", "?!", "a", " .", '"""', "ÿ𝄞", " a".repeat(10_000)]) {
    assert(Number.isFinite(points(text)) && points(text) >= -31 && points(text) <= 4.5, text);
  }
});
