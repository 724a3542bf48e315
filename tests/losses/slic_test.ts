// What is slic's own: the hinge's two sides, and its errors.

import { assertEquals, assertThrows } from "@std/assert";
import { slic } from "../../losses/slic.ts";
import { start } from "./table.ts";

Deno.test("slic() falls linearly to 0 at a margin of 1/beta and stays there", () => {
  const loss = slic({ beta: 0.25 });
  const values = [-4, 0, 2, 4, 400].map((h) => loss.value({ ...start, dw: h / 2, dl: -h / 2 }));
  assertEquals(values, [2, 1, 0.5, 0, 0]);
});

Deno.test("slic() throws on a bad beta, naming it, what it is and what is expected", () => {
  assertEquals(
    assertThrows(() => slic({ beta: -0.1 }), RangeError).message,
    "Cannot build the slic loss: beta is -0.1, expected a number from 0.000001 to 1000000",
  );
});
