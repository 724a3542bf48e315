// What is slicHf's own: raw log-probs, a mean token NLL, and its errors.

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { slicHf } from "../../losses/slic_hf.ts";
import { start } from "./table.ts";

Deno.test("slicHf() adds lambda times the chosen's mean token NLL to the hinge", () => {
  const x = { ...start, lw: -24, ll: -26, nw: 8 };
  assertAlmostEquals(slicHf({ delta: 3, lambda: 0.1 }).value(x), (3 - 2) + 0.1 * 24 / 8, 1e-15);
});

Deno.test("slicHf() keeps raising the chosen after the hinge is flat", () => {
  const x = { ...start, lw: -10, ll: -90, nw: 5 };
  const { dw, dl } = slicHf({ delta: 1, lambda: 0.5 }).slopes(x);
  assertEquals([dw, dl], [-0.1, 0]);
});

Deno.test("slicHf() ignores the reference", () => {
  const loss = slicHf({ delta: 1, lambda: 0.5 });
  assertEquals(loss.needsReference, false);
  assertEquals(loss.value({ ...start, dw: 50, dl: -50 }), loss.value(start));
});

Deno.test("slicHf() throws on a bad option, naming it, what it is and what is expected", () => {
  assertEquals(
    assertThrows(() => slicHf({ delta: -1, lambda: 0 }), RangeError).message,
    "Cannot build the slic-hf loss: delta is -1, expected a number from 0 to 1000000",
  );
  assertEquals(
    assertThrows(() => slicHf({ delta: 1, lambda: NaN }), RangeError).message,
    "Cannot build the slic-hf loss: lambda is NaN, expected a number from 0 to 1000000",
  );
});
