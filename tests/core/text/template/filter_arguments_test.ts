// Arguments are read by kind, and truth is Python's.
import { assertEquals, assertThrows } from "@std/assert";
import { flag, integer, truthy } from "../../../../core/text/template/filter_arguments.ts";
import { make } from "../../../../core/text/template/make.ts";

Deno.test("integer() takes integers alone", () => {
  assertEquals([integer(undefined, 4), integer(make.integer(2), 4)], [4, 2]);
  assertThrows(() => integer(make.float(2), 4), Error, "a filter is given float");
});

Deno.test("truthy() and flag() are Python's bool()", () => {
  const off = [make.none, make.undefined, make.integer(0), make.float(0), make.text("")];
  off.push(make.list([]), make.tuple([]), make.mapping(new Map()), make.bool(false));
  assertEquals(off.filter(truthy), []);
  assertEquals([truthy(make.text("a")), truthy(make.function(() => make.none))], [true, true]);
  assertEquals([flag(undefined), flag(make.integer(1))], [false, true]);
});
