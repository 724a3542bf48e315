import { assertEquals } from "@std/assert";
import { transpose } from "../../../core/base/transpose.ts";

Deno.test("transpose() turns [2, 3] over to [3, 2], and is undone by itself", () => {
  const turned = transpose([1, 2, 3, 4, 5, 6], 2, 3);
  assertEquals([...turned], [1, 4, 2, 5, 3, 6]);
  assertEquals([...transpose(turned, 3, 2)], [1, 2, 3, 4, 5, 6]);
});
