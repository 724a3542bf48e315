import { assertEquals } from "@std/assert";
import { range } from "../../backend/range.ts";

Deno.test("range() counts from 0 up to n, without it", () => {
  assertEquals([range(0), range(1), range(4)], [[], [0], [0, 1, 2, 3]]);
});
