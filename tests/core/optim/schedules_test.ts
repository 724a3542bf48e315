import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  scheduleByName,
  type ScheduleName,
  scheduleNames,
  type ScheduleOptions,
  valueAt,
} from "../../../core/mod.ts";

const values = (name: ScheduleName, more: Partial<ScheduleOptions> = {}) =>
  Array.from(
    { length: 10 },
    (_, step) => scheduleByName(name, { base: 2, steps: 10, ...more })(step),
  );

Deno.test("scheduleByName() is flat, falls in a line, or falls in half a cosine", () => {
  assertEquals(values("constant"), Array(10).fill(2));
  values("linear").forEach((rate, step) => assertAlmostEquals(rate, 2 * (1 - step / 10)));
  values("cosine").forEach((rate, step) =>
    assertAlmostEquals(rate, 1 + Math.cos(Math.PI * step / 10))
  );
});

Deno.test("scheduleByName() rises over the warm-up and starts the decay after it", () => {
  const [first, second, third, ...rest] = values("linear", { warmup: 2 });
  assertAlmostEquals(first, 2 / 3);
  assertAlmostEquals(second, 4 / 3);
  assertEquals(third, 2);
  rest.forEach((rate, i) => assertAlmostEquals(rate, 2 * (1 - (i + 1) / 8))); // 8 steps to 0
});

Deno.test("scheduleByName() goes to its end and stays there", () => {
  for (const name of ["linear", "cosine"] as const) {
    const at = scheduleByName(name, { base: 1, end: 5, steps: 10 });
    assertEquals([0, 5, 10, 99].map(at), [1, 3, 5, 5]);
  }
});

Deno.test("scheduleByName() has today's bits of the learning rate", () => {
  for (const base of [1e-3, 3e-3, 0.7]) {
    for (let step = 0; step < 24; step++) {
      const left = 1 - step / 24;
      const rate = scheduleByName("cosine", { base, steps: 24 })(step);
      assertEquals(rate, base * ((1 - Math.cos(Math.PI * left)) / 2));
      assertEquals(scheduleByName("linear", { base, steps: 24 })(step), base * left);
    }
  }
});

Deno.test("scheduleByName() refuses another name", () => {
  assertThrows(
    () => scheduleByName("sine" as ScheduleName, { base: 1, steps: 1 }),
    RangeError,
    `Cannot make a schedule: its name is sine, expected one of ${scheduleNames.join(", ")}`,
  );
});

Deno.test("valueAt() takes a number as it is and asks a schedule, which must have a finite one", () => {
  assertEquals([valueAt(3, 9), valueAt((step) => 2 * step, 9)], [3, 18]);
  for (const value of [NaN, Infinity]) {
    assertThrows(
      () => valueAt(() => value, 4),
      RangeError,
      `Cannot follow a schedule: its value at step 4 is ${value}, expected a finite number`,
    );
  }
});
