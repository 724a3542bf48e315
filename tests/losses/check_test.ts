import { assertEquals, assertThrows } from "@std/assert";
import { numberOption, show } from "../../losses/check.ts";

Deno.test("numberOption() returns a number within its bounds, ends included", () => {
  for (const beta of [0, 0.3, 1]) assertEquals(numberOption("x", { beta }, "beta", 0, 1), beta);
});

Deno.test("numberOption() throws RangeError out of bounds, TypeError for another kind", () => {
  for (const beta of [-1e-9, 1.01, NaN]) {
    assertThrows(() => numberOption("x", { beta }, "beta", 0, 1), RangeError);
  }
  for (const beta of ["1", null, undefined, 1n]) {
    const { message } = assertThrows(() => numberOption("x", { beta }, "beta", 0, 1), TypeError);
    const found = typeof beta === "string" ? '"1"' : String(beta);
    assertEquals(
      message,
      `Cannot build the x loss: beta is ${found}, expected a number from 0 to 1`,
    );
  }
});

Deno.test("show() puts strings in quotes", () => {
  assertEquals([show("a"), show(2), show(null)], ['"a"', "2", "null"]);
});
