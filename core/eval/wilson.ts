// How sure a proportion is: Wilson's score interval, which stays inside [0, 1] and has a width even where all is won.
import type { Interval } from "./bootstrap.ts";

/**
 * Wilson's score interval of a proportion, (p̂ + z²/2n ± z·√(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n).
 *
 * @example
 * ```ts
 * import { wilsonInterval } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 *
 * const { value, low, high } = wilsonInterval(2, 2); // two of two: far from certain
 * assert(value === 1 && Math.abs(low - 0.3424) < 1e-4 && high === 1);
 * ```
 *
 * @param successes From 0 to `n`; a tie may count as half of one, which makes the interval wider than it need be.
 * @param n Number of trials ≥ 1, independent of each other.
 * @param level Share of such intervals that hold the truth, in (0, 1). Default 0.95.
 * @returns successes / n and its interval, in [0, 1].
 * @throws {RangeError} If a number is out of its range.
 * @see Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953
 */
export function wilsonInterval(successes: number, n: number, level = 0.95): Interval {
  check("n", n, "a whole number of at least 1", Number.isSafeInteger(n) && n >= 1);
  check("successes", successes, `a number from 0 to ${n}`, successes >= 0 && successes <= n);
  check("level", level, "a number between 0 and 1", level > 0 && level < 1);
  const z = normalQuantile((1 + level) / 2);
  const value = successes / n, square = z * z / n;
  const centre = (value + square / 2) / (1 + square);
  const half = z * Math.sqrt(value * (1 - value) / n + square / (4 * n)) / (1 + square);
  return {
    value,
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === n ? 1 : Math.min(1, centre + half),
  };
}

/** z with Φ(z) = p for p in [½, 1): the interval between 0 and 9 is halved until it is one number. */
function normalQuantile(p: number): number {
  let [low, high] = [0, 9];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Φ(x) = ½ + φ(x)·Σ x^(2k+1) / (1·3·5·…·(2k+1)) for x ≥ 0; Marsaglia 2004, https://doi.org/10.18637/jss.v011.i04 */
function normalCdf(x: number): number {
  let term = x, sum = x;
  for (let k = 3; term > sum * 2 ** -54; k += 2) {
    term *= x * x / k;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}

function check(name: string, found: number, wanted: string, good: boolean): void {
  if (!good) {
    throw new RangeError(`Cannot bound a proportion: ${name} is ${found}, expected ${wanted}`);
  }
}
