import { assertEquals } from "@std/assert";
import { measureTexts } from "../../training/mod.ts";

Deno.test("measureTexts() asks each metric once for all texts, in order", () => {
  const asked: (readonly string[])[] = [];
  const metric = (name: string, value: number) => ({
    name,
    measure: (texts: readonly string[]) => (asked.push(texts), value),
  });
  const found = measureTexts(["x", "y"], [metric("b", 2), metric("a", 1)]);
  assertEquals(Object.entries(found), [["b", 2], ["a", 1]]);
  assertEquals(asked, [["x", "y"], ["x", "y"]]);
  assertEquals(measureTexts(["x"], []), {});
});
