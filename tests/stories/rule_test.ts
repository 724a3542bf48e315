// The rule prefers kind, on topic, fluent, and no single feature can buy the win.
import { assert, assertEquals } from "@std/assert";
import { ruleAnnotator } from "../../core/annotator/rule.ts";
import { loadPrompts } from "../../stories/prompts.ts";
import { loadReferences } from "../../stories/references.ts";
import { kindRule, loadKindRule, ruleParts } from "../../stories/rule.ts";
import { loadWordList } from "../../stories/text_quality.ts";
import { DEGENERATE, OPENING } from "./degenerate.ts";
import { GOOD, MISSPELT, OFF_TOPIC, PLAIN, PROMPT, REPETITIVE, SPAM, UNKIND } from "./support.ts";

const known = await loadWordList();
const score = kindRule(known);
const points = (text: string): number => score(PROMPT, text);

Deno.test("kindRule() puts kind before plain before unkind", () => {
  for (const good of GOOD) {
    assert(points(good) > points(PLAIN) + 2, `${points(good)} for ${good}`);
    for (const unkind of UNKIND) assert(points(PLAIN) > points(unkind) + 1, `${points(unkind)}`);
  }
});

const LOSERS: [string, readonly string[], readonly string[]][] = [
  ["spam", SPAM, GOOD],
  ["repetition", [REPETITIVE], GOOD],
  ["nothing", ["", " He was happy."], GOOD],
  ["itself badly spelt", [MISSPELT], GOOD.slice(0, 1)],
  ["itself about others elsewhere", [OFF_TOPIC], GOOD.slice(0, 1)],
];
for (const [what, texts, betters] of LOSERS) {
  Deno.test(`kindRule() puts a good continuation before ${what}`, () => {
    for (const text of texts) {
      for (const good of betters) {
        assert(points(good) > points(text) + 1, `${points(text)}: ${text}`);
      }
    }
  });
}

Deno.test("kindRule() puts even a plain continuation before spam and repetition", () => {
  for (const text of [...SPAM, REPETITIVE]) assert(points(PLAIN) > points(text) + 0.5, text);
});

for (const [kind, text] of DEGENERATE) {
  Deno.test(`kindRule() puts ${kind} below the median answer of the SFT model`, async () => {
    const { continuations } = await loadReferences();
    const scores = continuations.map(({ prompt, text }) => score(prompt, text));
    const median = scores.toSorted((a, b) => a - b)[scores.length / 2];
    assert(score(OPENING, text) < median - 0.2, `${score(OPENING, text)}, median ${median}`);
  });
}

Deno.test("ruleParts() pays two deeds a sentence, and nothing for the prompt's own words in a row", () => {
  const parts = (text: string) => ruleParts(PROMPT, text, known);
  const listed = parts(" Tom helped, shared, hugged, thanked and smiled.").kindness;
  assertEquals(listed, parts(" Tom helped and shared.").kindness);
  assert(listed < parts(" Tom helped and shared. He hugged her.").kindness);
  assertEquals(parts(GOOD[0]).copying, 0);
  assert(parts(` ${PROMPT}`).copying < -4);
});

Deno.test("ruleParts() takes points for repetition and misspelling by themselves", () => {
  const parts = (text: string) => ruleParts(PROMPT, text, known);
  assert(parts(REPETITIVE).repetition < -4);
  assert(parts(" The dog ran to the box.".repeat(6)).repetition < -4);
  assert(parts(PLAIN).repetition > -0.5);
  assert(parts(MISSPELT).spelling < -3);
  assertEquals(parts(GOOD[0]).spelling, 0);
});

Deno.test("ruleParts() takes points for a word beyond its fourth use, whatever stands between", () => {
  const balls = (n: number): string =>
    " " + ["red", "big", "new", "wet", "old", "hot"].slice(0, n).map((word) => `The ${word} ball.`)
      .join(" ");
  const points = [4, 5, 6].map((n) => ruleParts(PROMPT, balls(n), known).repetition);
  assert(points[0] === 0 && points[1] < -0.5 && points[2] < points[1], points.join());
});

Deno.test("kindRule() hardly minds a text that was cut off", () => {
  const cut = GOOD[0].slice(0, -9); // in the middle of "together", after "happy"
  assert(points(GOOD[0]) - points(cut) < 1.5, `${points(GOOD[0])} and ${points(cut)}`);
  assert(ruleParts(PROMPT, cut, known).spelling === 0);
});

Deno.test("ruleParts() pays each deed once and less for each further one", () => {
  const kindness = (text: string): number => ruleParts(PROMPT, text, known).kindness;
  const once = kindness(" Tom helped the bird.");
  assertEquals(kindness(" Tom helped the bird. He helped it and was helping. Help!"), once);
  const twice = kindness(" Tom helped the bird and hugged the dog.");
  const thrice = kindness(" Tom helped the bird, hugged the dog and thanked his mom.");
  assert(once > 0 && twice > once && thrice - twice < twice - once);
  assert(kindness([...SPAM].join(" ")) < 8);
});

Deno.test("ruleParts() turns a denied deed around", () => {
  const kindness = (text: string): number => ruleParts(PROMPT, text, known).kindness;
  assert(kindness(" Tom did not help the bird.") < 0);
  assert(kindness(" Tom didn't share his box.") < 0);
  assertEquals(kindness(" Tom did not hit the dog."), 0);
});

Deno.test("ruleParts() sees names, things and fitting pronouns of the prompt", () => {
  const topic = (text: string): number => ruleParts(PROMPT, text, known).topic;
  assert(topic(" The dog and Tom ran to the river.") > topic(" The cat ran to the tree."));
  assert(topic(" He ran.") > topic(" She ran.")); // Tom
  assert(topic(" Tom Tom Tom Tom Tom.") === topic(" Tom.")); // each once
});

Deno.test("ruleParts() counts strangers, not the prompt's people, family or sentence starts", () => {
  const drift = (text: string): number => ruleParts(PROMPT, text, known).drift;
  assertEquals(drift(' The dog saw Tom. "Look!" I said to Mom. Then he ran.'), 0);
  assert(drift(" Then Lily came.") < 0);
  assert(drift(" Lily came.") < 0);
  assert(drift(" Then Lily and Ben came.") < drift(" Then Lily came."));
  assert(drift(" Lily, Ben, Max, Sam, Anna, Lucy, Mia, Jack, Jane, Sue, Bob ran.") >= -1.2);
});

Deno.test("kindRule() is finite and rarely ties on any text", () => {
  const texts = [
    ...GOOD,
    PLAIN,
    ...UNKIND,
    ...SPAM,
    REPETITIVE,
    MISSPELT,
    OFF_TOPIC,
    "",
    "?!",
    "a",
  ];
  const scores = texts.map(points);
  assert(scores.every(Number.isFinite));
  assert(new Set(scores.slice(0, -3)).size === scores.length - 3);
});

Deno.test("kindRule() as an annotator prefers the same answer in both orders", async () => {
  const annotator = ruleAnnotator("kind", await loadKindRule());
  const { evaluation } = await loadPrompts();
  const pairs = evaluation.slice(0, 8).flatMap((prompt) =>
    GOOD.map((a) => ({ prompt, a, b: UNKIND[0] }))
  );
  const straight = await annotator.annotate(pairs);
  const swapped = await annotator.annotate(
    pairs.map(({ prompt, a, b }) => ({ prompt, a: b, b: a })),
  );
  for (const [i, verdict] of straight.entries()) {
    assertEquals(verdict.outcome, "a");
    assertEquals(swapped[i].outcome, "b");
    assertEquals(swapped[i].scores, [verdict.scores![1], verdict.scores![0]]);
  }
});
