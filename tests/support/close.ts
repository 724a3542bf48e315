// Comparing floats: how far off, how many, and where the worst is.
import { AssertionError } from "@std/assert";

/** Allowed |actual − expected| ≤ atol + rtol·|expected|. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** f32 result of a length-`k` sum of terms of size about `size`, against an f64 truth: rounding grows as √k·2⁻²⁴. */
export function f32Sum(k: number, size = 1): Tolerance {
  const u = 8 * Math.sqrt(k) * 2 ** -24;
  return { rtol: u, atol: u * size };
}

/** Assert closeness everywhere; NaN only equals NaN. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol, atol }: Tolerance,
  what: string,
): void {
  if (actual.length !== expected.length) {
    throw new AssertionError(`${what}: ${actual.length} values, expected ${expected.length}`);
  }
  let worst = 0, at = -1, bad = 0;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i], e = expected[i];
    const used = Object.is(a, e) ? 0 : Math.abs(a - e) / (atol + rtol * Math.abs(e));
    if (!(used <= 1)) bad++;
    if (!(used <= worst)) [worst, at] = [used, i];
  }
  if (bad > 0) {
    throw new AssertionError(
      `${what}: ${bad} of ${expected.length} values are off, worst at ${at}: got ${
        actual[at]
      }, expected ${expected[at]} (${worst.toFixed(1)}× the allowed ${
        rtol.toExponential(1)
      }·|x| + ${atol.toExponential(1)})`,
    );
  }
}

/** max|Δ| / max|ref| ≤ limit. */
export function assertRelativeToMax(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  limit: number,
  what: string,
): void {
  let max = 0;
  for (let i = 0; i < expected.length; i++) max = Math.max(max, Math.abs(expected[i]));
  assertClose(actual, expected, { rtol: 0, atol: limit * max }, what);
}
