import { assertEquals } from "@std/assert";
import { countBlocks, nonFiniteCounts } from "../../../backend/reference/finite.ts";

Deno.test("nonFiniteCounts() counts a group's blocks of 4096, not their numbers", () => {
  const x = new Float64Array(2 * 4097).fill(1);
  assertEquals(nonFiniteCounts(x, 2), [0, 0]);
  x[0] = x[4095] = NaN;
  assertEquals(nonFiniteCounts(x, 2), [1, 0]);
  x[4096] = -Infinity;
  x[4097] = 1e39; // no f32
  assertEquals(nonFiniteCounts(x, 2), [2, 1]);
});

Deno.test("countBlocks() asks for each number of each group", () => {
  const asked: number[] = [];
  countBlocks(2, 2, (i) => asked.push(i) > 0);
  assertEquals(asked, [0, 1, 2, 3]);
});
