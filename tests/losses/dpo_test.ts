// What is dpo's own: agreement with the plain formula, smoothing, and its errors.

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { dpo } from "../../losses/dpo.ts";
import { start } from "./table.ts";

Deno.test("dpo() is the plain formula where that formula is safe", () => {
  for (const h of [-3, -0.2, 0.4, 6]) {
    const x = { ...start, dw: h / 2, dl: -h / 2 };
    const p = 1 / (1 + Math.exp(-0.7 * h));
    assertAlmostEquals(dpo({ beta: 0.7 }).value(x), -Math.log(p), 1e-14);
    const smooth = -0.8 * Math.log(p) - 0.2 * Math.log(1 - p);
    assertAlmostEquals(dpo({ beta: 0.7, labelSmoothing: 0.2 }).value(x), smooth, 1e-13);
  }
});

Deno.test("dpo() keeps the exponential tail of a pair that is nearly learnt", () => {
  const x = { ...start, dw: 300, dl: -300 };
  assertAlmostEquals(dpo({ beta: 0.1 }).value(x) / Math.exp(-60), 1, 1e-12);
  assertAlmostEquals(dpo({ beta: 0.1 }).slopes(x).dw / (-0.1 * Math.exp(-60)), 1, 1e-12);
});

Deno.test("dpo() with labelSmoothing has its minimum where σ(z) = 1 − ε", () => {
  const z = Math.log(0.9 / 0.1);
  const { dw, dl } = dpo({ beta: 1, labelSmoothing: 0.1 }).slopes({ ...start, dw: z });
  assertAlmostEquals(dw, 0, 1e-15);
  assertAlmostEquals(dl, 0, 1e-15);
});

Deno.test("dpo() without labelSmoothing, or with undefined, smooths nothing", () => {
  assertEquals(dpo({ beta: 0.1 }).options, { beta: 0.1, labelSmoothing: 0 });
  assertEquals(dpo({ beta: 0.1, labelSmoothing: undefined }).options.labelSmoothing, 0);
});

Deno.test("dpo() throws on a bad option, naming it, what it is and what is expected", () => {
  const range = "expected a number from 0.000001 to 1000000";
  for (const beta of [0, -1, NaN, Infinity, 1e7]) {
    const message = `Cannot build the dpo loss: beta is ${beta}, ${range}`;
    assertEquals(assertThrows(() => dpo({ beta }), RangeError).message, message);
  }
  const flipped = assertThrows(() => dpo({ beta: 0.1, labelSmoothing: 0.6 }), RangeError);
  assertEquals(
    flipped.message,
    "Cannot build the dpo loss: labelSmoothing is 0.6, expected a number from 0 to 0.5",
  );
  // deno-lint-ignore no-explicit-any
  const text = assertThrows(() => dpo({ beta: "0.1" } as any), TypeError);
  assertEquals(text.message, `Cannot build the dpo loss: beta is "0.1", ${range}`);
  // deno-lint-ignore no-explicit-any
  const none = assertThrows(() => dpo(undefined as any), TypeError);
  assertEquals(none.message, `Cannot build the dpo loss: beta is undefined, ${range}`);
});
