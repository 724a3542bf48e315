import { assertEquals, assertThrows } from "@std/assert";
import { attributeOf, entryOf, sliced } from "../../../../core/text/template/lookup.ts";
import { make, templateValue } from "../../../../core/text/template/make.ts";
import { TemplateMeter } from "../../../../core/text/template/meter.ts";
import { pythonText } from "../../../../core/text/template/values.ts";

const meter = () => new TemplateMeter({ steps: 1000, characters: 1000 });

Deno.test("entryOf() takes keys of mappings and places of lists and texts, from the end too", () => {
  const at = (value: unknown, key: number | string) =>
    entryOf(
      templateValue(value),
      typeof key === "number" ? make.integer(key) : make.text(key),
      meter(),
    );
  assertEquals(pythonText(at({ a: 5 }, "a")), "5");
  assertEquals(pythonText(at([1, 2, 3], -1)), "3");
  assertEquals(pythonText(at("a😀b", 1)), "😀");
  for (const [value, key] of [[{ a: 5 }, "b"], [[1], 1], ["a", 3], [[1], "a"]] as const) {
    assertEquals(at(value, key).type, "UndefinedValue");
  }
});

Deno.test("attributeOf() goes down a dotted path", () => {
  const value = templateValue({ a: [{ b: 7 }] });
  assertEquals(pythonText(attributeOf(value, make.text("a.0.b"), meter())), "7");
  assertEquals(attributeOf(value, undefined, meter()), value);
});

Deno.test("sliced() is Python's", () => {
  const items = [0, 1, 2, 3, 4];
  assertEquals(sliced(items, 1, -1, 2), [1, 3]);
  assertEquals(sliced(items, undefined, undefined, -2), [4, 2, 0]);
  assertEquals(sliced(items, -99, 2, 1), [0, 1]);
  assertThrows(() => sliced(items, 0, 1, 0), Error, "in steps of 0");
});
