import { assertEquals, assertRejects } from "@std/assert";
import { mostDisputed } from "../../../training/mod.ts";

const nobody = { name: "none", annotate: () => Promise.reject(new Error("asked")) };
const group = (n: number) => ({
  ...{ prompt: "p", texts: Array(n).fill("x") },
  sequences: Array.from({ length: n }, (_, i) => ({ ids: [1, i], promptLength: 1 })),
});
const members = (...logps: number[][]) => ({
  annotator: nobody,
  memberLogps: () => Promise.resolve(logps.map((row) => Float32Array.from(row))),
});

Deno.test("mostDisputed() takes the pair of whose margin the members think most differently", async () => {
  // Margins of answers 0, 1, 2 by two members; then of a second group of two.
  const context = members([-1, -2, -3, -5, -6], [-1, -2, -9, -6, -5]);
  assertEquals(await mostDisputed().select([group(3), group(2)], context), [
    [{ a: 0, b: 2 }],
    [{ a: 0, b: 1 }],
  ]);
});

Deno.test("mostDisputed() wants members that can disagree", async () => {
  await assertRejects(
    () => mostDisputed().select([group(2)], members([-1, -2])),
    RangeError,
    "the run has 1 member, expected at least 2",
  );
});
