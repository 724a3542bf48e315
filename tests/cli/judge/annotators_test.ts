import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
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
  const stories = await buildAnnotators("stories", 1), judge = await buildAnnotators("judge", 1);
  assertEquals([stories.training.name, stories.heldOut.name], ["stories", "judge"]);
  assertEquals([judge.training.name, judge.heldOut.name], ["judge", "stories"]);
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
      'Cannot train: --annotator is "storys", expected stories, judge or rule:FILE.ts, then swap or noise:P after commas. Did you mean stories?',
    ],
    [
      "stories,nose:0.1",
      'Cannot train: --annotator has "nose:0.1", expected swap or noise:P. Did you mean noise:P?',
    ],
    [
      "judge,noise:2",
      'Cannot train: --annotator has "noise:2", expected noise:P with P from 0 to 1, such as noise:0.1',
    ],
    [
      "judge,noise",
      'Cannot train: --annotator has "noise", expected noise:P with P from 0 to 1, such as noise:0.1',
    ],
    [
      "judge,noise:",
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
  assertEquals((await openAnnotators("judge", 1)).heldOut?.name, "stories");
});
