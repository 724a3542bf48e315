// What training gained: the same prompts judged before and after, prompt by prompt.
import type { Outcome } from "../annotator/annotator.ts";
import { type Interval, pairedDifference } from "./bootstrap.ts";

/** A difference of win rates on the same prompts, in [−1, 1], with its interval. */
export interface PairedGain extends Interval {
  /** Number of prompts that have a verdict on both sides. */
  readonly n: number;
}

/**
 * The win rate after less the win rate before, over prompts with a verdict on both sides, with a seeded percentile
 * bootstrap interval that draws prompts: what makes a prompt hard for both does not widen it. Where no two prompts
 * differ in what changed, a bootstrap has no width, and the interval is Bonett and Price's.
 *
 * @example
 * ```ts
 * import { pairedGain } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 *
 * const { value, n } = pairedGain(["a", "b", "tie", "b"], ["a", "a", "a", "failed"]);
 * assert(value === 0.5 && n === 3); // 0, 1 and ½; what failed is in no rate
 * ```
 *
 * @param before [n] one verdict a prompt; `a` is the policy's answer; borrowed.
 * @param after [n] verdicts of the same prompts in the same order; borrowed.
 * @returns The gain, its 95% interval, and the number of prompts that count.
 * @throws {TypeError} If the lengths differ.
 * @throws {RangeError} If no prompt has a verdict on both sides.
 */
export function pairedGain(before: readonly Outcome[], after: readonly Outcome[]): PairedGain {
  if (before.length !== after.length) {
    throw new TypeError(
      `Cannot compare verdicts: after has ${after.length}, expected as many as before: ${before.length}`,
    );
  }
  const both = before.flatMap((outcome, i) =>
    outcome === "failed" || after[i] === "failed" ? [] : [[worth[outcome], worth[after[i]]]]
  );
  if (both.length === 0) {
    throw new RangeError(
      `Cannot compare verdicts: none of ${before.length} prompts has one on both sides, expected at least 1`,
    );
  }
  const differences = both.map(([x, y]) => y - x);
  const n = differences.length;
  if (differences.every((difference) => difference === differences[0])) {
    return { ...ofEqual(differences[0], n), n };
  }
  const gain = pairedDifference(both.map(([, y]) => y), both.map(([x]) => x), { seed: 0 });
  return { ...gain, n };
}

/**
 * Where all n differences are d every draw of them is d, and a bootstrap would be sure of two prompts: Bonett and Price's
 * interval (2012), that of the normal with one prompt more that was won and one that was lost.
 */
function ofEqual(d: number, n: number): Interval {
  const mean = n * d / (n + 2);
  const half = 1.96 * Math.sqrt(((n * d * d + 2) / (n + 2) - mean * mean) / (n + 2));
  return {
    value: d,
    low: Math.max(-1, Math.min(d, mean - half)),
    high: Math.min(1, Math.max(d, mean + half)),
  };
}

const worth = { a: 1, tie: 0.5, b: 0 } as const;
