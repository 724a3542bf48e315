import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  asksBothOrders,
  buildAnnotators,
  namedFailures,
  openAnnotators,
  planAnnotator,
  ruleFileOf,
} from "../../../cli/judge/annotators.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

const PAIRS = Array.from({ length: 40 }, (_, i) => ({
  prompt: `Tom saw cat ${i}.`,
  a: ` Tom was kind. He hugged the cat and shared his milk with it. They were friends ${i}.`,
  b: " The the the the zzqx the zzqx the.",
}));

Deno.test("buildAnnotators() holds out whichever rule does not train", async () => {
  const stories = await buildAnnotators("stories", 1),
    judge = await buildAnnotators("stories-judge", 1);
  assertEquals([stories.training.name, stories.heldOut.name], ["stories", "stories-judge"]);
  assertEquals([judge.training.name, judge.heldOut.name], ["stories-judge", "stories"]);
  const [verdict] = await stories.training.annotate(PAIRS);
  assertEquals(verdict.outcome, "a");
});

Deno.test("buildAnnotators() names who trains with all that is around it", async () => {
  const { training, evaluation } = await buildAnnotators("stories,swap,noise:0.5", 3);
  assertEquals([training.name, evaluation.name], ["stories,swap,noise:0.5", "stories"]);
});

Deno.test("buildAnnotators() puts noise on training only, and swaps orders", async () => {
  const { training, evaluation } = await buildAnnotators("stories,swap, noise:0.5", 3);
  const noisy = await training.annotate(PAIRS), clean = await evaluation.annotate(PAIRS);
  const flipped = noisy.filter(({ outcome }, i) => outcome !== clean[i].outcome).length;
  assert(flipped > 8 && flipped < 32, `Expected about half of 40 flipped, found ${flipped}`);
  assert(clean.every(({ outcome }) => outcome === "a"));
});

for (
  const [text, line] of [
    [
      "storys",
      'Cannot train: --annotator is "storys", expected stories, stories-judge, rule:FILE.ts or judge:URL#MODEL, then swap or noise:P after commas. Did you mean stories?',
    ],
    [
      "judge",
      'Cannot train: --annotator is "judge", expected stories, stories-judge, rule:FILE.ts or judge:URL#MODEL, then swap or noise:P after commas. The judge of the stories is stories-judge',
    ],
    [
      "judge:http://user:key@host/v1#m",
      "Cannot train: --annotator has a password or a query in the judge's address, expected the address alone, and the key in the environment as LEASH_JUDGE_KEY",
    ],
    [
      "judge:localhost#m",
      'Cannot train: --annotator is "judge:localhost#m", expected judge:URL#MODEL, such as judge:http://127.0.0.1:8080/v1#qwen3',
    ],
    [
      "judge:http://localhost/v1",
      'Cannot train: --annotator is "judge:http://localhost/v1", expected judge:URL#MODEL, such as judge:http://127.0.0.1:8080/v1#qwen3',
    ],
    [
      "judge:http://localhost/v1#m,swap",
      "Cannot train: --annotator is a judge and has swap, expected the judge alone: it is asked in both orders anyway",
    ],
    [
      "stories,nose:0.1",
      'Cannot train: --annotator has "nose:0.1", expected swap or noise:P. Did you mean noise:P?',
    ],
    [
      "stories-judge,noise:2",
      'Cannot train: --annotator has "noise:2", expected noise:P with P from 0 to 1, such as noise:0.1',
    ],
    [
      "stories-judge,noise",
      'Cannot train: --annotator has "noise", expected noise:P with P from 0 to 1, such as noise:0.1',
    ],
    [
      "stories-judge,noise:",
      'Cannot train: --annotator has "noise:", expected noise:P with P from 0 to 1, such as noise:0.1',
    ],
  ] as const
) {
  Deno.test(`planAnnotator() refuses ${text} in one line`, () => {
    assertEquals(assertThrows(() => planAnnotator(text), UsageError).message, line);
  });
}

Deno.test("namedFailures() puts the annotator's name on what it throws, but not on an abort", async () => {
  const broken = namedFailures({
    name: "oracle",
    annotate: () => Promise.reject(new Error("no answer")),
  });
  const error = await assertRejects(() => broken.annotate(PAIRS), Error);
  assertEquals(
    error.message,
    "Cannot annotate: annotator oracle failed (no answer), expected 40 verdicts",
  );
  const aborted = AbortSignal.abort(new Error("stop"));
  await assertRejects(() => broken.annotate(PAIRS, { signal: aborted }), Error, "no answer");
});

Deno.test("openAnnotators() takes a rule of the user's, with nobody held out from it", async () => {
  const path = await Deno.makeTempFile({ suffix: ".js" });
  await Deno.writeTextFile(
    path,
    "export default (_, text) => -text.length;",
  );
  using opened = await openAnnotators(`rule:${path},swap`, 1);
  const { training, evaluation, heldOut } = opened;
  await Deno.remove(path);
  assertEquals([evaluation?.name, heldOut], [`rule:${path}`, undefined]);
  const pair = { prompt: "p", a: "long", b: "x" };
  const [verdict] = await evaluation!.annotate([pair, pair]);
  assertEquals(verdict, { outcome: "b", scores: [-4, -1] });
  const [swapped, tie] = await training.annotate([pair, { ...pair, b: "even" }]);
  assertEquals([swapped.outcome, tie.outcome], ["b", "tie"]);
  assertEquals([ruleFileOf(`rule:${path},swap`), ruleFileOf("stories")], [path, undefined]);
});

Deno.test("openAnnotators() says why a rule of the user's failed, and how to give it more", async () => {
  const path = await Deno.makeTempFile({ suffix: ".js" });
  await Deno.writeTextFile(path, 'export default () => Deno.readTextFileSync("/words").length;');
  using opened = await openAnnotators(`rule:${path}`, 1);
  await Deno.remove(path);
  const [verdict] = await opened.training.annotate([{ prompt: "p", a: "a", b: "b" }]);
  const reason =
    `rule:${path} threw: Requires read access to "/words"; --rule-permissions read gives it`;
  assertEquals(verdict, { outcome: "failed", reason });
});

Deno.test("openAnnotators() of nobody has no measure, and refuses to annotate", async () => {
  const { training, evaluation, heldOut } = await openAnnotators("none", 1);
  assertEquals([evaluation, heldOut], [undefined, undefined]);
  await assertRejects(() => training.annotate([]), Error, "nobody is named");
  assertEquals((await openAnnotators("stories-judge", 1)).heldOut?.name, "stories");
});

Deno.test("asksBothOrders() of a judge, and of whoever has swap around", () => {
  const cases = {
    stories: false,
    "stories,noise:0.1": false,
    "stories,swap": true,
    "judge:http://h#m": true,
  };
  for (const [text, wanted] of Object.entries(cases)) {
    assertEquals(asksBothOrders(text), wanted, text);
  }
});
