// One number for many: the averages, spreads and correlations that a results table needs, in f64.

/**
 * Arithmetic mean.
 *
 * @example
 * ```ts
 * import { mean } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * assert(mean([1, 2, 6]) === 3);
 * ```
 *
 * @param values At least one number; borrowed.
 * @returns Their mean, in their unit.
 * @throws {RangeError} If there are none.
 */
export function mean(values: ArrayLike<number>): number {
  requireSome("mean", values, 1);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/**
 * The q-quantile with linear interpolation between order statistics (NumPy's and R's default, type 7).
 *
 * @example
 * ```ts
 * import { quantile } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * assert(quantile([10, 20, 30, 40], 0.5) === 25);
 * ```
 *
 * @param values At least one number, in any order; borrowed.
 * @param q Share in [0, 1] of the values that lie below.
 * @returns The quantile, in the values' unit.
 * @throws {RangeError} If there are no values, or q is out of [0, 1].
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  requireSome("quantile", values, 1);
  if (!(q >= 0 && q <= 1)) {
    throw new RangeError(`Cannot compute the quantile: q is ${q}, expected a number from 0 to 1`);
  }
  const sorted = Float64Array.from(values).sort();
  const at = q * (sorted.length - 1);
  const below = Math.floor(at), above = Math.ceil(at);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/**
 * The middle value; of an even number of values, the mean of the two in the middle.
 *
 * @example
 * ```ts
 * import { median } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * assert(median([9, 1, 2, 100]) === 5.5);
 * ```
 *
 * @param values At least one number, in any order; borrowed.
 * @returns The median, in the values' unit.
 * @throws {RangeError} If there are none.
 */
export function median(values: ArrayLike<number>): number {
  requireSome("median", values, 1);
  return quantile(values, 0.5);
}

/**
 * Interquartile mean: the mean without the lowest and highest ⌊n/4⌋ values. Unlike the mean it stands
 * an outlier, unlike the median it looks at half of the runs.
 *
 * @example
 * ```ts
 * import { interquartileMean } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * assert(interquartileMean([-1000, 1, 2, 3, 4, 5, 6, 1000]) === 3.5);
 * ```
 *
 * @param values At least one number, in any order; borrowed.
 * @returns The mean of the middle, in the values' unit.
 * @throws {RangeError} If there are none.
 * @see Agarwal et al. 2021, section 4.3, https://arxiv.org/abs/2108.13264
 */
export function interquartileMean(values: ArrayLike<number>): number {
  requireSome("interquartile mean", values, 1);
  const cut = Math.floor(values.length / 4);
  return mean(Float64Array.from(values).sort().subarray(cut, values.length - cut));
}

/**
 * Standard deviation of a sample (divisor n − 1).
 *
 * @example
 * ```ts
 * import { standardDeviation } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * assert(standardDeviation([1, 3, 5]) === 2);
 * ```
 *
 * @param values At least two numbers; borrowed.
 * @returns Their standard deviation, in their unit.
 * @throws {RangeError} If there are fewer than two.
 */
export function standardDeviation(values: ArrayLike<number>): number {
  requireSome("standard deviation", values, 2);
  const center = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - center) ** 2;
  return Math.sqrt(sum / (values.length - 1));
}

/**
 * Pearson's correlation: how well a straight line ties x to y.
 *
 * @example
 * ```ts
 * import { pearson } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * assert(pearson([1, 2, 3], [9, 7, 5]) === -1);
 * ```
 *
 * @param x At least two numbers; borrowed.
 * @param y As many as x; borrowed.
 * @returns A number in [−1, 1]; NaN where x or y is constant, since no line is tied to it.
 * @throws {RangeError} If there are fewer than two.
 * @throws {TypeError} If the lengths differ.
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  requirePairs("correlation", x, y);
  requireSome("correlation", x, 2);
  const xMean = mean(x), yMean = mean(y);
  let xx = 0, xy = 0, yy = 0;
  for (let i = 0; i < x.length; i++) {
    const dx = x[i] - xMean, dy = y[i] - yMean;
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  if (xx === 0 || yy === 0) return NaN;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}

/**
 * Spearman's rank correlation: Pearson's of the ranks, equal values sharing their mean rank. It asks
 * whether two judges put answers in the same order, whatever their scales.
 *
 * @example
 * ```ts
 * import { spearman } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * assert(spearman([1, 2, 3], [0.1, 10, 1000]) === 1);
 * ```
 *
 * @param x At least two numbers; borrowed.
 * @param y As many as x; borrowed.
 * @returns A number in [−1, 1]; NaN where x or y is constant.
 * @throws {RangeError} If there are fewer than two.
 * @throws {TypeError} If the lengths differ.
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  requirePairs("correlation", x, y);
  return pearson(ranks(x), ranks(y));
}

/** Ranks from 1; equal values share the mean of theirs. */
function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from(values, (_, i) => i).sort((i, j) => values[i] - values[j]);
  const out = new Float64Array(values.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    to = Math.max(to, from + 1); // a NaN equals nothing: it keeps a rank of its own
    for (let k = from; k < to; k++) out[order[k]] = (from + to + 1) / 2;
  }
  return out;
}

function requireSome(what: string, values: ArrayLike<number>, least: number): void {
  if (values.length < least) {
    throw new RangeError(
      `Cannot compute the ${what}: the number of values is ${values.length}, ` +
        `expected at least ${least}`,
    );
  }
}

function requirePairs(what: string, x: ArrayLike<number>, y: ArrayLike<number>): void {
  if (x.length !== y.length) {
    throw new TypeError(
      `Cannot compute the ${what}: y has ${y.length} values, expected as many as x: ${x.length}`,
    );
  }
}
