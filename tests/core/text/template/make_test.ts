// Values are of the package's kinds, and functions get their named arguments apart.
import { assertEquals, assertThrows } from "@std/assert";
import { ExactNumber } from "../../../../core/base/exact_number.ts";
import { make, templateValue } from "../../../../core/text/template/make.ts";
import { pythonText } from "../../../../core/text/template/values.ts";

Deno.test("templateValue() makes plain data a template's, exact numbers in it", () => {
  const value = templateValue({
    a: [1, 1.5, new ExactNumber("1.0"), new ExactNumber("9007199254740993")],
  });
  assertEquals(pythonText(value), "{'a': [1, 1.5, 1.0, 9007199254740993]}");
  const kinds = [null, undefined, true, "a", 2n, -0, () => null].map((x) => templateValue(x).type);
  assertEquals(kinds.map((type) => type.replace("Value", "")), [
    ...["Null", "Undefined", "Boolean", "String", "Integer", "Integer", "Function"],
  ]);
});

Deno.test("make gives every kind of value", () => {
  const values = [make.none, make.undefined, make.bool(true), make.text("a"), make.float(1)];
  values.push(make.integer(1), make.list([]), make.tuple([]), make.mapping(new Map()));
  assertEquals(values.map(({ type }) => type.replace("Value", "")), [
    ...["Null", "Undefined", "Boolean", "String", "Float"],
    ...["Integer", "Array", "Tuple", "Object"],
  ]);
  assertThrows(() => make.integer(2 ** 53), Error, "more than 53 bits");
  assertEquals(make.function(() => make.none).type, "FunctionValue");
});
