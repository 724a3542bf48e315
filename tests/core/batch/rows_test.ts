import { assertEquals } from "@std/assert";
import { layRows } from "../../../core/batch/rows.ts";

Deno.test("layRows() lays sequences end to end, one without rows too", () => {
  const { starts, positions, sequences } = layRows([2, 0, 3]);
  assertEquals([...starts], [0, 2, 2]);
  assertEquals([...positions], [0, 1, 0, 1, 2]);
  assertEquals([...sequences], [0, 0, 2, 2, 2]);
});
