// The share of prompts on which the policy's answer is preferred, with what was not decided in sight.

import type { Outcome } from "../annotator/annotator.ts";
import type { Interval } from "./bootstrap.ts";
import { wilsonInterval } from "./wilson.ts";

/** Options of {@linkcode winRate}. */
export interface WinRateOptions {
  /** Level of the interval, in (0, 1). Default 0.95. */
  readonly level?: number;
}

/** A win rate in [0, 1] with its interval and its counts. */
export interface WinRate extends Interval {
  /** Number of comparisons that count: wins, losses and ties. */
  readonly n: number;
  /** How many of the n were ties, each half a win. */
  readonly ties: number;
  /** How many more came without a verdict; they are in no rate. */
  readonly failed: number;
}

/**
 * Win rate: (wins + ties/2) / (wins + losses + ties), with Wilson's interval of a proportion: two wins of two are
 * [0.34, 1], not certain. Ties make it wider than it need be. A failed verdict is never a loss or a win: it is left out
 * and counted.
 *
 * @example
 * ```ts
 * import { winRate } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 *
 * const { value, n, ties, failed } = winRate(["a", "a", "b", "tie", "failed"]);
 * assert(value === 0.625 && n === 4 && ties === 1 && failed === 1);
 * ```
 *
 * @param verdicts One a prompt: `a` is the policy's answer, `b` the reference text; borrowed.
 * @param options `level`: share of such intervals that hold the truth, default 0.95.
 * @returns The rate, its interval, and the counts n, ties and failed.
 * @throws {RangeError} If no verdict counts, or an option is out of its range.
 * @throws {TypeError} If a verdict is none of the four.
 */
export function winRate(
  verdicts: readonly Outcome[],
  options: WinRateOptions = {},
): WinRate {
  let wins = 0, n = 0, ties = 0, failed = 0;
  for (const [i, verdict] of verdicts.entries()) {
    if (verdict === "failed") {
      failed++;
    } else if (Object.hasOwn(score, verdict)) {
      wins += score[verdict];
      n++;
      if (verdict === "tie") ties++;
    } else {
      throw new TypeError(
        `Cannot compute the win rate: verdict ${i} is ${String(verdict)}, ` +
          "expected a, b, tie or failed",
      );
    }
  }
  if (n === 0) {
    throw new RangeError(
      `Cannot compute the win rate: the number of verdicts that count is 0 of ${verdicts.length}, ` +
        `expected at least 1. ${failed} failed: look at their reasons`,
    );
  }
  return { ...wilsonInterval(wins, n, options.level), n, ties, failed };
}

/** What a verdict is worth to the policy. */
const score: Readonly<Record<Exclude<Outcome, "failed">, number>> = { a: 1, b: 0, tie: 0.5 };
