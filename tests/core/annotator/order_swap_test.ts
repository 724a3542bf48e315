// Only a preference that survives the exchange of the answers is one.
import { assertEquals, assertRejects } from "@std/assert";
import type { Annotator, Candidate, Verdict } from "../../../core/annotator/annotator.ts";
import { withOrderSwap } from "../../../core/annotator/order_swap.ts";
import { ruleAnnotator } from "../../../core/annotator/rule.ts";

const PAIR: Candidate = { prompt: "p", a: "xx", b: "y" };

/** Answers `given` for PAIR and `exchanged` for PAIR with its answers exchanged. */
function scripted(given: Verdict, exchanged: Verdict): Annotator {
  return {
    name: "scripted",
    annotate: (pairs) =>
      Promise.resolve(pairs.map((pair) => pair.a === PAIR.a ? given : exchanged)),
  };
}

const CASES: [string, Verdict, Verdict, Verdict["outcome"], Verdict["flip"]?][] = [
  ["agreement on a", { outcome: "a" }, { outcome: "b" }, "a"],
  ["agreement on b", { outcome: "b" }, { outcome: "a" }, "b"],
  ["two ties", { outcome: "tie" }, { outcome: "tie" }, "tie"],
  ["always the first", { outcome: "a" }, { outcome: "a" }, "tie", "first"],
  ["always the second", { outcome: "b" }, { outcome: "b" }, "tie", "second"],
  ["a preference and a tie", { outcome: "a" }, { outcome: "tie" }, "tie", "neither"],
  ["a failure as given", { outcome: "failed", reason: "f" }, { outcome: "b" }, "failed"],
  ["a failure exchanged", { outcome: "a" }, { outcome: "failed", reason: "f" }, "failed"],
];
for (const [what, given, exchanged, wanted, flip] of CASES) {
  Deno.test(`withOrderSwap() makes ${what}: ${wanted}`, async () => {
    const [verdict] = await withOrderSwap(scripted(given, exchanged)).annotate([PAIR]);
    assertEquals([verdict.outcome, verdict.order, verdict.flip], [wanted, "both", flip]);
    if (wanted === "failed") assertEquals(verdict.reason?.endsWith(": f"), true);
  });
}

Deno.test("withOrderSwap() averages the scores of both orders, in the given order", async () => {
  const swap = withOrderSwap(scripted(
    { outcome: "a", scores: [5, 1] },
    { outcome: "b", scores: [2, 3] },
  ));
  assertEquals(await swap.annotate([PAIR]), [{ outcome: "a", scores: [4, 1.5], order: "both" }]);
});

Deno.test("withOrderSwap() leaves an unbiased rule as it is, pair by pair", async () => {
  const rule = ruleAnnotator("length", (_prompt, answer) => answer.length);
  const pairs = [PAIR, { prompt: "q", a: "x", b: "yyy" }, { prompt: "r", a: "x", b: "y" }];
  const alone = await rule.annotate(pairs);
  assertEquals(
    await withOrderSwap(rule).annotate(pairs),
    alone.map((verdict) => ({ ...verdict, order: "both" })),
  );
});

Deno.test("withOrderSwap() passes the signal on", async () => {
  const rule = ruleAnnotator("length", (_prompt, answer) => answer.length);
  const signal = AbortSignal.abort(new Error("stopped"));
  await assertRejects(() => withOrderSwap(rule).annotate([PAIR], { signal }), Error, "stopped");
});
