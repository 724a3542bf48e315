// Methods by kind of value. (What they give is compared with Python's in template_interpreter_test.ts.)
import { assertEquals, assertThrows } from "@std/assert";
import { chatTemplate } from "../../../../core/mod.ts";
import { make } from "../../../../core/text/template/make.ts";
import { TemplateMeter } from "../../../../core/text/template/meter.ts";
import {
  capitalized,
  joined,
  linesOf,
  methodOf,
  pairsOf,
  replaced,
} from "../../../../core/text/template/methods.ts";

const meter = () => new TemplateMeter({ steps: 1000, characters: 100 });

Deno.test("methodOf() finds methods of texts, lists and mappings, and no others", () => {
  const map = make.mapping(new Map([["a", make.none]]));
  const has = (value: typeof map, name: string) => methodOf(value, name, meter()) !== undefined;
  assertEquals([has(make.text(""), "upper"), has(make.list([]), "index"), has(map, "items")], [
    true,
    true,
    true,
  ]);
  for (const name of ["append", "constructor", "__class__", "toString"]) {
    for (const value of [make.text(""), make.list([]), map, make.integer(1)]) {
      assertEquals(has(value, name), false, name);
    }
  }
});

Deno.test("linesOf(), capitalized() and pairsOf() are Python's", () => {
  assertEquals(linesOf("a\r\nb\n\nc\u2028d\n"), ["a", "b", "", "c", "d"]);
  assertEquals([capitalized("hELLO"), capitalized("")], ["Hello", ""]);
  assertEquals(pairsOf(new Map([["a", make.none]])).map(({ type }) => type), ["TupleValue"]);
});

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
