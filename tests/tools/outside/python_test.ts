import { assertEquals } from "@std/assert";
import { differenceIn } from "../../../tools/outside/python.ts";

Deno.test("differenceIn() names the first place, and lets who made it differ", () => {
  const a = { madeBy: 1, x: [1, { y: "a" }], z: null };
  assertEquals(differenceIn(a, { ...a, madeBy: 2, largestGapOfTorch: 3 }), undefined);
  assertEquals(differenceIn(a, { ...a, x: [1, { y: "b" }] }), '$.x.1.y: "a" and "b"');
  assertEquals(differenceIn(a, { ...a, x: [1] }), '$.x.1: {"y":"a"} and undefined');
  assertEquals(differenceIn({ z: null }, { z: 0 }), "$.z: null and 0");
});

Deno.test("differenceIn() holds numbers to the tolerance, relative above 1", () => {
  assertEquals(differenceIn([100], [100.0001], 1e-5), undefined);
  assertEquals(differenceIn([100], [100.1], 1e-5), "$.0: 100 and 100.1");
  assertEquals(differenceIn(1, NaN, 1), "$: 1 and NaN");
});
