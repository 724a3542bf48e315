import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  interquartileMean,
  mean,
  median,
  pearson,
  quantile,
  spearman,
  standardDeviation,
} from "../../../core/eval/aggregates.ts";

// Known answers from NumPy (std with ddof = 1, quantile, corrcoef of values and of mean ranks).
const x = [2.5, -1, 0.25, 7, 3, 3, -4.5, 11, 0.5];
const y = [1, 0, 2, 6, 2, 5, -9, 3, 0.5];

Deno.test("aggregates give NumPy's answers", () => {
  assertAlmostEquals(mean(x), 2.4166666666666665, 1e-14);
  assertAlmostEquals(standardDeviation(x), 4.517327749898163, 1e-14);
  assertAlmostEquals(interquartileMean(x), 1.85, 1e-14);
  assertEquals(median(x), 2.5);
  assertAlmostEquals(quantile(x, 0.1), -1.6999999999999997, 1e-14);
  assertAlmostEquals(quantile(x, 0.975), 10.2, 1e-13);
  assertAlmostEquals(pearson(x, y), 0.735823501052368, 1e-14);
  assertAlmostEquals(spearman(x, y), 0.8613445378151262, 1e-14);
});

Deno.test("quantile() ends at the least and the greatest value", () => {
  assertEquals([quantile(x, 0), quantile(x, 1)], [-4.5, 11]);
});

Deno.test("aggregates leave their arguments as they were", () => {
  const values = Float64Array.from(x);
  for (const f of [mean, median, interquartileMean, standardDeviation]) f(values);
  spearman(values, y);
  assertEquals(Array.from(values), x);
});

Deno.test("interquartileMean() of fewer than four values is the mean", () => {
  assertEquals(interquartileMean([1, 2, 9]), 4);
});

Deno.test("pearson() is 1 on any rising line and unmoved by scale", () => {
  assertAlmostEquals(pearson(x, x.map((v) => 3 * v - 7)), 1, 1e-15);
  assertAlmostEquals(pearson(x, y), pearson(x.map((v) => 1e100 * v), y), 1e-14);
});

Deno.test("pearson() and spearman() of a constant are NaN", () => {
  assert(Number.isNaN(pearson([1, 2, 3], [5, 5, 5])));
  assert(Number.isNaN(spearman([1, 1, 1], [1, 2, 3])));
});

Deno.test("spearman() is unmoved by any rising function", () => {
  assertAlmostEquals(
    spearman(x.map((v) => Math.exp(v)), y.map((v) => v ** 3)),
    spearman(x, y),
    1e-15,
  );
});

Deno.test("aggregates throw when there are too few values, or lengths differ", () => {
  assertEquals(
    assertThrows(() => standardDeviation([1]), RangeError).message,
    "Cannot compute the standard deviation: the number of values is 1, expected at least 2",
  );
  for (const f of [mean, median, interquartileMean]) assertThrows(() => f([]), RangeError);
  assertEquals(
    assertThrows(() => pearson([1, 2], [1]), TypeError).message,
    "Cannot compute the correlation: y has 1 values, expected as many as x: 2",
  );
  assertEquals(
    assertThrows(() => quantile([1], 1.5), RangeError).message,
    "Cannot compute the quantile: q is 1.5, expected a number from 0 to 1",
  );
});
