// Noise is a property of the pair: its rate is p, and neither time nor order changes it.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Candidate, swapCandidate, swapVerdict } from "../../../core/annotator/annotator.ts";
import { withNoise } from "../../../core/annotator/noise.ts";
import { ruleAnnotator } from "../../../core/annotator/rule.ts";

const rule = ruleAnnotator("length", (_prompt, answer) => answer.length);
const PAIRS: Candidate[] = Array.from(
  { length: 4000 },
  (_, i) => ({ prompt: `prompt ${i}`, a: "aaa", b: i % 2 ? "b" : "bbbbb" }),
);

Deno.test("withNoise() flips a share p of the preferences", async () => {
  const truth = await rule.annotate(PAIRS);
  for (const p of [0, 0.2, 0.5, 1]) {
    const noisy = await withNoise(rule, p, { seed: 7 }).annotate(PAIRS);
    const flips = noisy.filter((verdict, i) => verdict.outcome !== truth[i].outcome).length;
    // Binomial: 4 standard deviations, zero at p = 0 and p = 1.
    assert(Math.abs(flips - 4000 * p) <= 4 * Math.sqrt(4000 * p * (1 - p)), `${flips} at ${p}`);
  }
});

Deno.test("withNoise() does not depend on when a pair is asked", async () => {
  const noisy = withNoise(rule, 0.5, { seed: 1 });
  const all = await noisy.annotate(PAIRS.slice(0, 100));
  const backwards = await noisy.annotate(PAIRS.slice(0, 100).reverse());
  assertEquals(backwards.reverse(), all);
  assertEquals(await noisy.annotate([PAIRS[42]]), [all[42]]);
});

Deno.test("withNoise() treats both orders of a pair alike", async () => {
  const noisy = withNoise(rule, 0.5);
  const straight = await noisy.annotate(PAIRS.slice(0, 200));
  const swapped = await noisy.annotate(PAIRS.slice(0, 200).map(swapCandidate));
  assertEquals(swapped.map(swapVerdict), straight);
});

Deno.test("withNoise() leaves the order in which was asked", async () => {
  const backwards = {
    name: "backwards",
    annotate: (pairs: readonly Candidate[]) =>
      Promise.resolve(pairs.map(() => ({ outcome: "a" as const, order: "b,a" as const }))),
  };
  const [verdict] = await withNoise(backwards, 1).annotate([PAIRS[0]]);
  assertEquals(verdict, { outcome: "b", order: "b,a", reason: "flipped" });
});

Deno.test("withNoise() flips other pairs under another seed", async () => {
  const of = async (seed: number): Promise<string> => {
    const verdicts = await withNoise(rule, 0.5, { seed }).annotate(PAIRS.slice(0, 64));
    return verdicts.map((verdict) => verdict.reason ? "1" : "0").join("");
  };
  assertEquals(await of(1), await of(1));
  assert(await of(1) !== await of(2));
});

Deno.test("withNoise() exchanges the scores with the verdict, and leaves ties and failures", async () => {
  const odd = ruleAnnotator("odd", (_prompt, answer) => answer === "?" ? NaN : answer.length);
  const verdicts = await withNoise(odd, 1).annotate([
    { prompt: "p", a: "aa", b: "b" },
    { prompt: "p", a: "a", b: "b" },
    { prompt: "p", a: "?", b: "b" },
  ]);
  assertEquals(verdicts[0], { outcome: "b", scores: [1, 2], reason: "flipped" });
  assertEquals(verdicts[1], { outcome: "tie", scores: [1, 1] });
  assertEquals(verdicts[2].outcome, "failed");
});

Deno.test("withNoise() passes the signal on", async () => {
  const signal = AbortSignal.abort(new Error("stopped"));
  await assertRejects(() => withNoise(rule, 0.5).annotate(PAIRS, { signal }), Error, "stopped");
});

Deno.test("withNoise() refuses what is no probability and no seed", () => {
  for (const p of [-0.1, 1.1, NaN]) assertThrows(() => withNoise(rule, p), RangeError, `p is ${p}`);
  assertThrows(() => withNoise(rule, 0.5, { seed: 1.5 }), RangeError, "seed is 1.5");
});
