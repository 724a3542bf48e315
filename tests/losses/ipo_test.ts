// What is ipo's own: the two reductions, its target, and its errors.

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ipo } from "../../losses/ipo.ts";
import { start } from "./table.ts";

const pair = { ...start, dw: 6, dl: -4.5, nw: 12, nl: 9 };

Deno.test("ipo() reduction sum compares summed log-ratios with 1/(2 tau)", () => {
  assertAlmostEquals(ipo({ tau: 0.1, reduction: "sum" }).value(pair), (10.5 - 5) ** 2, 1e-13);
});

Deno.test("ipo() reduction mean compares log-ratios per token with 1/(2 tau)", () => {
  assertAlmostEquals(ipo({ tau: 0.1, reduction: "mean" }).value(pair), (0.5 + 0.5 - 5) ** 2, 1e-14);
});

Deno.test("ipo() reductions agree for completions of one token", () => {
  const one = { ...pair, nw: 1, nl: 1 };
  const [mean, sum] = (["mean", "sum"] as const).map((reduction) => ipo({ tau: 0.3, reduction }));
  assertEquals(mean.value(one), sum.value(one));
  assertEquals(mean.slopes(one), sum.slopes(one));
});

Deno.test("ipo() pulls a margin above the target back down", () => {
  const { dw, dl } = ipo({ tau: 0.5, reduction: "sum" }).slopes({ ...start, dw: 4 });
  assertEquals([dw, dl], [6, -6]);
});

Deno.test("ipo() throws on a bad option, naming it, what it is and what is expected", () => {
  const tau = assertThrows(() => ipo({ tau: 0, reduction: "sum" }), RangeError);
  assertEquals(
    tau.message,
    "Cannot build the ipo loss: tau is 0, expected a number from 0.000001 to 1000000",
  );
  const fix = "TRL's DPO takes the mean over tokens, the DPO reference code the sum: say which";
  // deno-lint-ignore no-explicit-any
  const other = assertThrows(() => ipo({ tau: 0.1, reduction: "max" as any }), RangeError);
  assertEquals(
    other.message,
    `Cannot build the ipo loss: reduction is "max", expected "mean" or "sum". ${fix}`,
  );
  // deno-lint-ignore no-explicit-any
  const none = assertThrows(() => ipo({ tau: 0.1 } as any), TypeError);
  assertEquals(
    none.message,
    `Cannot build the ipo loss: reduction is undefined, expected "mean" or "sum". ${fix}`,
  );
});
