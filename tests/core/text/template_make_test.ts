// Values are of the package's kinds, and functions get their named arguments apart.
import { assertEquals, assertThrows } from "@std/assert";
import { make } from "../../../core/text/template_make.ts";

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
