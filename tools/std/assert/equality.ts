/** Assertions about two values: equal, the same, near, in order. */
import { AssertionError, ending, show } from "./assertion_error.ts";
import { equal } from "./equal.ts";

/** The lines that differ, between the ones that both values begin and end with. */
function diff(actual: string[], expected: string[]): string {
  const shorter = Math.min(actual.length, expected.length);
  let head = 0;
  while (head < shorter && actual[head] === expected[head]) head++;
  let tail = 0;
  while (
    tail < shorter - head && actual.at(-1 - tail) === expected.at(-1 - tail)
  ) tail++;
  return [
    "",
    "    [Diff] Actual / Expected",
    "",
    ...actual.slice(0, head).map((line) => `    ${line}`),
    ...actual.slice(head, actual.length - tail).map((line) => `-   ${line}`),
    ...expected.slice(head, expected.length - tail).map((line) => `+   ${line}`),
    ...actual.slice(actual.length - tail).map((line) => `    ${line}`),
    "",
  ].join("\n");
}

/** Throws unless the two are deeply equal; 0 and −0 are. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  const lines = diff(show(actual).split("\n"), show(expected).split("\n"));
  throw new AssertionError(`Values are not equal${ending(msg)}\n${lines}`);
}

/** Throws if the two are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(
    `Expected actual: ${show(actual)} not to be: ${show(expected)}${ending(msg)}`,
  );
}

/** Throws unless the two are the same by `Object.is`: 0 and −0 are not, NaN is NaN. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const [mine, theirs] = [show(actual), show(expected)];
  throw new AssertionError(
    mine === theirs
      ? `Values have the same structure but are not reference-equal${ending(msg)}\n\n${mine}\n`
      : `Values are not strictly equal${ending(msg)}\n${
        diff(mine.split("\n"), theirs.split("\n"))
      }`,
  );
}

/** Throws if the two are the same by `Object.is`. */
export function assertNotStrictEquals<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!Object.is(actual, expected)) return;
  throw new AssertionError(
    `Expected "actual" to not be strictly equal to: ${show(actual)}${ending(msg)}\n`,
  );
}

/**
 * Throws unless `|expected − actual| ≤ tolerance`.
 *
 * @param tolerance Absolute; by default a ten-millionth of `expected`, so 0 for an expected 0.
 */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const delta = Math.abs(expected - actual);
  const wanted = tolerance ??
    (isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  if (delta <= wanted) return;
  const f = (x: number) => Number.isInteger(x) ? x : x.toExponential();
  throw new AssertionError(
    `Expected actual: "${f(actual)}" to be close to "${f(expected)}": ` +
      `delta "${f(delta)}" is greater than "${f(wanted)}"${ending(msg)}`,
  );
}

function ordered(
  holds: boolean,
  a: unknown,
  sign: string,
  b: unknown,
  msg?: string,
): void {
  if (!holds) {
    throw new AssertionError(msg ?? `Expect ${show(a)} ${sign} ${show(b)}`);
  }
}

/** Throws unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  ordered(actual > expected, actual, ">", expected, msg);
}

/** Throws unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  ordered(actual >= expected, actual, ">=", expected, msg);
}

/** Throws unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  ordered(actual < expected, actual, "<", expected, msg);
}

/** Throws unless `actual <= expected`. */
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  ordered(actual <= expected, actual, "<=", expected, msg);
}
