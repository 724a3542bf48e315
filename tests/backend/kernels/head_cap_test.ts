import { assertEquals, assertThrows } from "@std/assert";
import { capOf } from "../../../backend/kernels/head_cap.ts";

Deno.test("capOf() tells kernels the cap, or that there is none", () => {
  assertEquals(capOf("x", 5, undefined), { params: { softcap: 0 }, fixed: { CAP: 0 } });
  assertEquals(capOf("x", 5, 30), { params: { softcap: 30 }, fixed: { CAP: 1 } });
});

Deno.test("capOf() refuses a cap that caps nothing, and rows that a thread cannot keep", () => {
  for (const softcap of [0, -30, NaN, Infinity]) {
    const message = `Cannot run x: softcap is ${softcap}, expected a positive finite number`;
    assertThrows(() => capOf("x", 5, softcap), RangeError, message);
  }
  capOf("x", 2088960, 30);
  const message = "Cannot run x: V is 2088961, expected at most 2088960 with a softcap";
  assertThrows(() => capOf("x", 2088961, 30), RangeError, message);
  assertEquals(capOf("x", 2088961, undefined).fixed, { CAP: 0 });
});
