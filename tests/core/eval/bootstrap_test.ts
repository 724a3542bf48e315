import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { median } from "../../../core/eval/aggregates.ts";
import {
  bootstrapInterval,
  pairedDifference,
  stratifiedBootstrap,
} from "../../../core/eval/bootstrap.ts";

/** A second, unrelated source of numbers in [0, 1): the tests' own data. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

const coins = (n: number, p: number, next: () => number) =>
  Array.from({ length: n }, () => next() < p ? 1 : 0);

Deno.test("bootstrapInterval() has the width of the normal approximation", () => {
  const values = [...Array(180).fill(1), ...Array(120).fill(0)];
  const { value, low, high } = bootstrapInterval(values, { seed: 3, resamples: 20_000 });
  const half = 1.959964 * Math.sqrt(0.6 * 0.4 / 300);
  assertEquals(value, 0.6);
  assertAlmostEquals(low, 0.6 - half, 0.004); // steps of 1/300, and the noise of 20,000 resamples
  assertAlmostEquals(high, 0.6 + half, 0.004);
});

Deno.test("bootstrapInterval() at level 0.9 covers the truth about 90 times in 100", () => {
  const next = numbers(11);
  let covered = 0;
  for (let trial = 0; trial < 400; trial++) {
    const values = coins(100, 0.7, next);
    const { low, high } = bootstrapInterval(values, { seed: trial, resamples: 300, level: 0.9 });
    if (low <= 0.7 && 0.7 <= high) covered++;
  }
  // Four standard errors, √(0.9·0.1/400) = 0.015 each, to both sides.
  assert(Math.abs(covered / 400 - 0.9) <= 0.06, `covered ${covered} of 400`);
});

Deno.test("bootstrapInterval() is the same bit for bit for a seed and another for another", () => {
  const next = numbers(5);
  const values = Array.from({ length: 40 }, next);
  const first = bootstrapInterval(values, { seed: 7 });
  assertEquals(bootstrapInterval(values, { seed: 7 }), first);
  for (const seed of [8, -7, 7 + 2 ** 32]) {
    assert(bootstrapInterval(values, { seed }).low !== first.low, `seed ${seed}`);
  }
});

Deno.test("bootstrapInterval() narrows with its level and with more values", () => {
  const width = (n: number, level: number) => {
    const { low, high } = bootstrapInterval(coins(n, 0.5, numbers(2)), { seed: 1, level });
    return high - low;
  };
  assert(width(100, 0.5) < width(100, 0.95));
  assertAlmostEquals(width(100, 0.95) / width(1600, 0.95), 4, 0.6); // √16; steps of 1/100
});

Deno.test("bootstrapInterval() of one value, or of equal ones, is that value", () => {
  assertEquals(bootstrapInterval([0.25], { seed: 1 }), { value: 0.25, low: 0.25, high: 0.25 });
  assertEquals(bootstrapInterval([2, 2, 2], { seed: 1 }), { value: 2, low: 2, high: 2 });
});

Deno.test("bootstrapInterval() bootstraps the statistic that it is given", () => {
  const values = [1, 2, 3, 4, 1e9];
  const { value, low, high } = bootstrapInterval(values, {
    seed: 1,
    level: 0.5,
    statistic: median,
  });
  assertEquals(value, 3);
  assert(2 <= low && high <= 4, `${low} to ${high}`);
});

Deno.test("bootstrapInterval() draws every value equally often", () => {
  const counts = new Float64Array(7);
  bootstrapInterval([0, 1, 2, 3, 4, 5, 6], {
    seed: 9,
    resamples: 10_000,
    statistic(values) {
      for (const value of values) counts[value]++;
      return 0;
    },
  });
  // Chi-square with 6 degrees of freedom: above 22.5 once in 1,000.
  const chi = counts.reduce((sum, count) => sum + (count - 10_001) ** 2 / 10_001, 0);
  assert(chi < 22.5, `counts ${counts}`);
});

Deno.test("pairedDifference() does not widen with what both sides share", () => {
  const next = numbers(3);
  const hard = Array.from({ length: 60 }, () => 100 * next());
  const gain = hard.map(() => 1 + next());
  const a = hard.map((h, i) => h + gain[i]);
  const paired = pairedDifference(a, hard, { seed: 4 });
  const direct = bootstrapInterval(gain, { seed: 4 });
  for (const end of ["value", "low", "high"] as const) {
    assertAlmostEquals(paired[end], direct[end], 1e-12);
  }
});

Deno.test("stratifiedBootstrap() keeps each stratum's share in every resample", () => {
  const interval = stratifiedBootstrap([[0, 0, 0], [1, 1], [5]], { seed: 1 });
  assertEquals(interval, { value: 7 / 6, low: 7 / 6, high: 7 / 6 });
});

Deno.test("stratifiedBootstrap() of one stratum is bootstrapInterval()", () => {
  const values = Array.from({ length: 12 }, numbers(4));
  assertEquals(stratifiedBootstrap([values], { seed: 6 }), bootstrapInterval(values, { seed: 6 }));
});

Deno.test("bootstraps throw on bad arguments, naming what is expected", () => {
  const message = (run: () => unknown) => assertThrows(run, RangeError).message;
  assertEquals(
    message(() => bootstrapInterval([], { seed: 1 })),
    "Cannot bootstrap: number of values in stratum 0 is 0, expected at least 1",
  );
  assertEquals(
    message(() => stratifiedBootstrap([], { seed: 1 })),
    "Cannot bootstrap: number of strata is 0, expected at least 1",
  );
  assertEquals(
    message(() => bootstrapInterval([1], { seed: 0.5 })),
    "Cannot bootstrap: seed is 0.5, expected a whole number",
  );
  assertEquals(
    message(() => bootstrapInterval([1], { seed: 1, resamples: 0 })),
    "Cannot bootstrap: resamples is 0, expected a whole number of at least 1",
  );
  assertEquals(
    message(() => bootstrapInterval([1], { seed: 1, level: 95 })),
    "Cannot bootstrap: level is 95, expected a number between 0 and 1",
  );
  assertEquals(
    assertThrows(() => pairedDifference([1], [1, 2], { seed: 1 }), TypeError).message,
    "Cannot pair the values: b has 2 of them, expected as many as a: 1",
  );
});
