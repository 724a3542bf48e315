import { assertEquals, assertThrows } from "@std/assert";
import { chatTemplate } from "../../../../core/mod.ts";
import { TemplateMeter } from "../../../../core/text/template/meter.ts";
import { joined, replaced } from "../../../../core/text/template/text_methods.ts";

const meter = () => new TemplateMeter({ steps: 1000, characters: 100 });

Deno.test("replaced() and joined() are charged before they are done", () => {
  assertEquals(replaced("aXbX", "X", "-", 1, meter()), "a-bX");
  assertThrows(() => replaced("a".repeat(50), "a", "b".repeat(50), -1, meter()), Error, "100");
  assertEquals(joined(["a", "b"], "-", meter()), "a-b");
  assertThrows(() => joined(Array(50).fill("a"), "--", meter()), Error, "100 characters");
});

Deno.test("rsplit() keeps the blanks before what it does not split", () => {
  const shown = (expression: string) => chatTemplate(`{{ ${expression} }}`).render([]);
  assertEquals(shown("' a b'.rsplit(none, 1)"), "[' a', 'b']");
  assertEquals(shown("'  a b  c '.rsplit(none, 2)"), "['  a', 'b', 'c']");
  assertEquals(shown("' a b'.rsplit(none, 2)"), "['a', 'b']");
  assertEquals(shown("' a '.rsplit(none, 0)"), "[' a']");
  assertEquals(shown("'a,b'.rsplit(',', 1)"), "['a', 'b']");
  assertEquals(shown("''.rsplit(',', 0)"), "['']");
});
