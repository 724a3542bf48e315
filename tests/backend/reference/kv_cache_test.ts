import { assertEquals } from "@std/assert";
import { kvWrite } from "../../../backend/reference/kv_cache.ts";

Deno.test("kvWrite() puts rows at their sequence and position, and drops those outside", () => {
  const next = kvWrite([9, 9, 9, 9, 9, 9, 9, 9], [1, 2, 3, 4, 5, 6, 7, 8], [1, 0, 0, 1], [
    3,
    4,
    5,
    2,
  ], {
    capacity: 2,
    width: 2,
    back: 3,
  });
  assertEquals([...next], [9, 9, 3, 4, 1, 2, 9, 9]);
});
