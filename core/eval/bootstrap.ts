// How far a number would move with other prompts: percentile bootstrap intervals, seeded.

import { mean, quantile } from "./aggregates.ts";

/** A number and the interval around it. */
export interface Interval {
  /** The statistic of the values themselves, not the mean of the resamples. */
  readonly value: number;
  /** Lower end of the interval, in the value's unit. */
  readonly low: number;
  /** Upper end of the interval, in the value's unit. */
  readonly high: number;
}

/** Options of every bootstrap. */
export interface BootstrapOptions {
  /** A user's number; the same seed gives the same interval, bit for bit. */
  readonly seed: number;
  /** Number of resamples ≥ 1. Default 2000. */
  readonly resamples?: number;
  /** Share of resamples within the interval, in (0, 1). Default 0.95. */
  readonly level?: number;
  /** What is computed of each resample, which is lent to it. Default {@linkcode mean}. */
  readonly statistic?: (values: Float64Array) => number;
}

/**
 * Percentile bootstrap: draws n of the n values with replacement, again and again, and takes the
 * middle `level` of what the statistic then is.
 *
 * @example
 * ```ts
 * import { bootstrapInterval } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 *
 * const { value, low, high } = bootstrapInterval([1, 0, 1, 1, 0, 1, 1, 1], { seed: 1 });
 * assert(value === 0.75 && low < 0.75 && high > 0.75);
 * ```
 *
 * @param values [n] one number a prompt (or run), independent of each other; borrowed.
 * @param options `seed`, and optionally `resamples`, `level`, `statistic`.
 * @returns The statistic and its interval, in the values' unit.
 * @throws {RangeError} If there are no values, or an option is out of its range.
 * @see Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 13.3
 */
export function bootstrapInterval(
  values: ArrayLike<number>,
  options: BootstrapOptions,
): Interval {
  return stratifiedBootstrap([values], options);
}

/**
 * The mean of a − b over the same prompts, with its interval: pairs are drawn together, so that what
 * makes a prompt hard for both does not widen it.
 *
 * @example
 * ```ts
 * import { pairedDifference } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 *
 * const gain = pairedDifference([0.9, 0.4, 0.7], [0.8, 0.3, 0.6], { seed: 1 });
 * assert(gain.low > 0.09 && gain.high < 0.11);
 * ```
 *
 * @param a [n] one number a prompt; borrowed.
 * @param b [n] the numbers of the same prompts in the same order; borrowed.
 * @param options `seed`, and optionally `resamples`, `level`, `statistic` (of the differences).
 * @returns The statistic of the differences and its interval.
 * @throws {TypeError} If the lengths differ.
 * @throws {RangeError} If there are no values, or an option is out of its range.
 */
export function pairedDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: BootstrapOptions,
): Interval {
  if (a.length !== b.length) {
    throw new TypeError(
      `Cannot pair the values: b has ${b.length} of them, expected as many as a: ${a.length}`,
    );
  }
  return bootstrapInterval(Float64Array.from(a, (value, i) => value - b[i]), options);
}

/**
 * Bootstrap over strata, such as task × loss: values are drawn within each stratum, and the statistic
 * is of all strata together.
 *
 * @example
 * ```ts
 * import { interquartileMean, stratifiedBootstrap } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 *
 * const seedsByTask = [[0.71, 0.74, 0.69], [0.88, 0.86, 0.91]];
 * const { low, high } = stratifiedBootstrap(seedsByTask, { seed: 1, statistic: interquartileMean });
 * assert(0.69 <= low && low < high && high <= 0.91);
 * ```
 *
 * @param strata One list of values a stratum, each with at least one; borrowed.
 * @param options `seed`, and optionally `resamples`, `level`, `statistic` (of all values, strata in order).
 * @returns The statistic and its interval, in the values' unit.
 * @throws {RangeError} If a stratum is empty or there is none, or an option is out of its range.
 * @see Agarwal et al. 2021, section 4.1, https://arxiv.org/abs/2108.13264
 */
export function stratifiedBootstrap(
  strata: readonly ArrayLike<number>[],
  options: BootstrapOptions,
): Interval {
  const { seed, resamples = 2000, level = 0.95, statistic = mean } = options;
  check("seed", seed, "a whole number", Number.isSafeInteger(seed));
  const whole = Number.isSafeInteger(resamples) && resamples >= 1;
  check("resamples", resamples, "a whole number of at least 1", whole);
  check("level", level, "a number between 0 and 1", level > 0 && level < 1);
  check("number of strata", strata.length, "at least 1", strata.length > 0);
  for (const [i, { length }] of strata.entries()) {
    check(`number of values in stratum ${i}`, length, "at least 1", length > 0);
  }

  const value = statistic(Float64Array.from(strata.flatMap((values) => Array.from(values))));
  const below = belowFrom(seed);
  const draw = new Float64Array(strata.reduce((sum, { length }) => sum + length, 0));
  const results = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let at = 0;
    for (const values of strata) {
      for (let i = 0; i < values.length; i++) draw[at++] = values[below(values.length)];
    }
    results[r] = statistic(draw);
  }
  const tail = (1 - level) / 2;
  return { value, low: quantile(results, tail), high: quantile(results, 1 - tail) };
}

/**
 * Uniform whole numbers below n from a 32-bit Weyl sequence (steps of the golden ratio) that
 * MurmurHash3's finaliser scrambles. Taking ⌊n·u/2³²⌋ favours some numbers by n/2³² at most: nothing
 * beside a resample's own noise.
 */
function belowFrom(seed: number): (n: number) => number {
  // The seed's high half is stirred in, so that seeds 2³² apart differ.
  let state = scramble(Math.floor(seed / 2 ** 32) | 0) ^ (seed | 0);
  return (n) => {
    state = (state + 0x9e3779b9) | 0;
    return Math.floor(scramble(state) / 2 ** 32 * n);
  };
}

function scramble(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function check(name: string, found: number, wanted: string, good: boolean): void {
  if (!good) {
    throw new RangeError(`Cannot bootstrap: ${name} is ${found}, expected ${wanted}`);
  }
}
