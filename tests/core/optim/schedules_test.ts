import { assertAlmostEquals, assertEquals } from "@std/assert";
import { learningRate, type Schedule } from "../../../core/mod.ts";

const rates = (schedule: Schedule, warmup = 0) =>
  Array.from(
    { length: 10 },
    (_, step) => learningRate({ base: 2, schedule, steps: 10, warmup }, step),
  );

Deno.test("learningRate() is flat, falls in a line, or falls in half a cosine", () => {
  assertEquals(rates("constant"), Array(10).fill(2));
  rates("linear").forEach((rate, step) => assertAlmostEquals(rate, 2 * (1 - step / 10)));
  rates("cosine").forEach((rate, step) =>
    assertAlmostEquals(rate, 1 + Math.cos(Math.PI * step / 10))
  );
});

Deno.test("learningRate() rises over the warm-up and starts the decay after it", () => {
  const [first, second, third, ...rest] = rates("linear", 2);
  assertAlmostEquals(first, 2 / 3);
  assertAlmostEquals(second, 4 / 3);
  assertEquals(third, 2);
  rest.forEach((rate, i) => assertAlmostEquals(rate, 2 * (1 - (i + 1) / 8))); // 8 steps to 0
});
