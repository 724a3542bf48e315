import { assertEquals } from "@std/assert";
import { counted, decimals } from "../../../cli/terminal/counted.ts";

Deno.test("counted() has one of one and several of all else", () => {
  assertEquals([0, 1, 2].map((n) => counted(n, "pair")), ["0 pairs", "1 pair", "2 pairs"]);
  assertEquals([1, 2].map((n) => counted(n, "reply", "replies")), ["1 reply", "2 replies"]);
});

Deno.test("decimals() writes no sign before what rounds to zero", () => {
  assertEquals([-0.004, 0, -0.006, 1.005].map((x) => decimals(x, 2)), [
    ...["0.00", "0.00", "-0.01", "1.00"],
  ]);
  assertEquals([-0.4, -10].map((x) => decimals(x, 0)), ["0", "-10"]);
});
