// The intervals are those of statsmodels 0.15 (proportion_confint, method "wilson").
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { wilsonInterval } from "../../../core/eval/wilson.ts";

const KNOWN: [successes: number, n: number, level: number, low: number, high: number][] = [
  [2, 2, 0.95, 0.3423802275, 1],
  [0, 2, 0.95, 0, 0.6576197725],
  [1, 1, 0.95, 0.2065493144, 1],
  [128, 256, 0.95, 0.4392055586, 0.5607944414],
  [225, 256, 0.95, 0.8332442795, 0.9133648293],
  [9, 10, 0.9, 0.6522813327, 0.9773650913],
  [50, 100, 0.5, 0.4663519642, 0.5336480358],
];
for (const [successes, n, level, low, high] of KNOWN) {
  Deno.test(`wilsonInterval() of ${successes} in ${n} at ${level}`, () => {
    const found = wilsonInterval(successes, n, level);
    assertEquals(found.value, successes / n);
    assertAlmostEquals(found.low, low, 1e-9);
    assertAlmostEquals(found.high, high, 1e-9);
  });
}

Deno.test("wilsonInterval() of the failures is one minus that of the successes", () => {
  for (const [successes, n] of [[0, 7], [3, 7], [5.5, 8], [7, 7]]) {
    const one = wilsonInterval(successes, n), other = wilsonInterval(n - successes, n);
    assertAlmostEquals(one.low, 1 - other.high, 1e-14);
    assertAlmostEquals(one.high, 1 - other.low, 1e-14);
  }
});

Deno.test("wilsonInterval() holds its value, narrows with n and widens with the level", () => {
  const width = (successes: number, n: number, level?: number): number => {
    const { value, low, high } = wilsonInterval(successes, n, level);
    assert(0 <= low && low <= value && value <= high && high <= 1 && low < high);
    return high - low;
  };
  assert(width(1, 1) > width(10, 10) && width(10, 10) > width(1000, 1000));
  assert(width(3, 10, 0.99) > width(3, 10, 0.95) && width(3, 10) > width(3, 10, 0.5));
});

Deno.test("wilsonInterval() throws where a number is out of its range", () => {
  const bad: [number, number, number, string][] = [
    [1, 0, 0.95, "n is 0, expected a whole number of at least 1"],
    [1, 1.5, 0.95, "n is 1.5, expected a whole number of at least 1"],
    [3, 2, 0.95, "successes is 3, expected a number from 0 to 2"],
    [NaN, 2, 0.95, "successes is NaN, expected a number from 0 to 2"],
    [1, 2, 1, "level is 1, expected a number between 0 and 1"],
  ];
  for (const [successes, n, level, message] of bad) {
    assertEquals(
      assertThrows(() => wilsonInterval(successes, n, level), RangeError).message,
      `Cannot bound a proportion: ${message}`,
    );
  }
});
