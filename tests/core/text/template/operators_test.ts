// Operators and tests by kind. (What templates make of them is compared with Python's in template_interpreter_test.ts.)
import { assertEquals, assertThrows } from "@std/assert";
import { make } from "../../../../core/text/template/make.ts";
import { TemplateMeter } from "../../../../core/text/template/meter.ts";
import {
  compare,
  contains,
  isTest,
  operate,
  passes,
} from "../../../../core/text/template/operators.ts";

const meter = () => new TemplateMeter({ steps: 1000, characters: 100 });
const [one, two, text] = [make.integer(1), make.integer(2), make.text("ab")];

Deno.test("operate() keeps integers whole, floors, and refuses what Python refuses", () => {
  const result = (operator: string) => operate(operator, make.integer(-7), two, meter());
  assertEquals(["+", "-", "*", "//", "%"].map((op) => result(op).value), [-5, -9, -14, -4, 1]);
  assertEquals([result("/").type, result("/").value], ["FloatValue", -3.5]);
  for (const operator of ["/", "//", "%"]) {
    assertThrows(() => operate(operator, one, make.integer(0), meter()), Error, "divides by zero");
  }
  assertThrows(() => operate("+", one, text, meter()), Error, "it adds integer and string");
  assertThrows(() => operate("*", text, make.integer(1000), meter()), Error, "100 characters");
  assertThrows(() => operate("*", make.list([one]), make.integer(1001), meter()), Error, "steps");
});

Deno.test("compare() orders numbers, texts and lists, and no two kinds", () => {
  const lists = [[1, 2], [1, 3], [1]].map((list) => make.list(list.map((n) => make.integer(n))));
  assertEquals(Math.sign(compare(lists[0], lists[1])), -1);
  assertEquals(Math.sign(compare(lists[0], lists[2])), 1);
  assertEquals(compare(make.bool(true), make.float(1)), 0);
  assertThrows(() => compare(one, text), Error, "it compares integer and string");
});

Deno.test("contains() looks into texts, lists, keys and nothing", () => {
  assertEquals(contains(text, make.text("b"), meter()), true);
  assertEquals(contains(make.list([one]), make.float(1), meter()), true);
  assertEquals(contains(make.mapping(new Map([["a", one]])), make.text("a"), meter()), true);
  assertEquals(contains(make.undefined, one, meter()), false);
});

Deno.test("passes() knows the tests by name and how many values they want", () => {
  assertEquals(passes(two, "even", [], meter()), true);
  assertEquals(passes(two, "==", [two], meter()), true);
  assertEquals([isTest("odd"), isTest("shell"), isTest("constructor")], [true, false, false]);
  assertThrows(() => passes(two, "toString", [], meter()), Error, "Unknown test: toString");
  assertThrows(() => passes(two, "eq", [], meter()), Error, "the test eq is given 0 values");
});
