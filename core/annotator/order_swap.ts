// Asks both orders: who changes their mind with the order has no preference.
import {
  type Annotator,
  askAnnotator,
  type Flip,
  swapCandidate,
  swapVerdict,
  type Verdict,
} from "./annotator.ts";

/**
 * Asks `inner` for each pair in both orders, in one call of twice the pairs. Verdicts that agree
 * stand; verdicts that do not are a tie; if either failed, so does the pair. Scores are the mean
 * of both orders where both have them. Their `order` is "both", and `flip` says how orders disagreed.
 *
 * @example
 * ```ts
 * import { type Annotator, withOrderSwap } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const alwaysFirst: Annotator = {
 *   name: "always first",
 *   annotate: (pairs) => Promise.resolve(pairs.map(() => ({ outcome: "a" as const }))),
 * };
 * const [verdict] = await withOrderSwap(alwaysFirst).annotate([{ prompt: "", a: "x", b: "y" }]);
 * assertEquals(verdict.outcome, "tie");
 * ```
 *
 * @param inner Whom to ask.
 * @returns The annotator; it costs two pairs of `inner` for each of its own.
 */
export function withOrderSwap(inner: Annotator): Annotator {
  return {
    name: inner.name,
    async annotate(pairs, options = {}) {
      const both = [...pairs, ...pairs.map(swapCandidate)];
      const verdicts = await askAnnotator(inner, both, options);
      return pairs.map((_, i) => agree(verdicts[i], swapVerdict(verdicts[pairs.length + i])));
    },
  };
}

function agree(straight: Verdict, swapped: Verdict): Verdict {
  for (const [order, verdict] of [["given", straight], ["exchanged", swapped]] as const) {
    if (verdict.outcome === "failed") {
      const reason = `failed in the ${order} order: ${verdict.reason ?? "no reason given"}`;
      return { outcome: "failed", reason, order: "both" };
    }
  }
  const [s, t] = [straight.scores, swapped.scores];
  const scores = s && t ? { scores: [(s[0] + t[0]) / 2, (s[1] + t[1]) / 2] as const } : {};
  if (straight.outcome === swapped.outcome) return { ...straight, ...scores, order: "both" };
  const reason = `the order decides: ${straight.outcome} as given, ${swapped.outcome} exchanged`;
  return { outcome: "tie", reason, ...scores, order: "both", flip: flipOf(straight, swapped) };
}

/** `swapped` is of the pair as given: there "b" was shown first. */
function flipOf({ outcome: one }: Verdict, { outcome: other }: Verdict): Flip {
  if (one === "a" && other === "b") return "first";
  return one === "b" && other === "a" ? "second" : "neither";
}
