// Methods by kind of value. (What they give is compared with Python's in template_interpreter_test.ts.)
import { assertEquals } from "@std/assert";
import { make } from "../../../../core/text/template/make.ts";
import { TemplateMeter } from "../../../../core/text/template/meter.ts";
import { methodOf, pairsOf } from "../../../../core/text/template/methods.ts";
import { capitalized, linesOf } from "../../../../core/text/template/text_methods.ts";

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
