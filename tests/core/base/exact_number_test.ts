import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  exactFloat,
  ExactNumber,
  parseExact,
  parseRows,
  settleRow,
} from "../../../core/base/exact_number.ts";

Deno.test("parseExact() keeps what JavaScript would print otherwise, and nothing else", () => {
  const exact = ["1.0", "-0.0", "1e2", "9007199254740993", "-18446744073709551615"];
  for (const text of exact) {
    const value = parseExact(text);
    assert(value instanceof ExactNumber, text);
    assertEquals([value.text, value.valueOf()], [text, Number(text)]);
    assertEquals(JSON.stringify({ a: [value] }), `{"a":[${text}]}`);
  }
  assertEquals((parseExact("9007199254740993") as ExactNumber).integer, 2n ** 53n + 1n);
  assertEquals((parseExact("1.0") as ExactNumber).integer, undefined);
  for (const text of ["1", "-7", "0.5", "1e-7", "9007199254740991", '"1.0"', '["2.0", null]']) {
    assertEquals(parseExact(text), JSON.parse(text));
  }
  assertEquals(parseExact("-0"), 0);
  assertEquals(parseExact("1".repeat(4301)), Infinity); // Python refuses it
  assertThrows(() => parseExact("1.0.0"), SyntaxError);
});

Deno.test("parseExact() looks at every number that JavaScript rounds to a whole one, and at few others", () => {
  const whole = [
    ...[
      "27313546843.000000070",
      "764187366366658.999",
      "3.00000000000000001",
      "0.99999999999999999",
    ],
    ...["798647.0000000000068", "12345678901234567.5", "1E3", "1.50e1", "100.00"],
  ];
  for (const text of whole) {
    const [{ a }] = parseExact(`[{"a":${text}}]`) as { a: unknown }[];
    assert(a instanceof ExactNumber && a.text === text, text);
  }
});

Deno.test("parseRows() is exact in columns of objects, and plain elsewhere", () => {
  const row = '{"score": 1.0, "logps": [-1.0, [2.0]], "tools": [{"a": 1.0}], "m": {"b": [2.0]}}';
  const parsed = parseRows(row, (value) => [value]) as Record<string, unknown>;
  assertEquals([parsed.score, parsed.logps], [1, [-1, [2]]]);
  assertEquals(JSON.stringify([parsed.tools, parsed.m]), '[[{"a":1.0}],{"b":[2.0]}]');
  assertEquals(parseRows('{"score": 1.0}', (value) => [value]), { score: 1 });
});

Deno.test("settleRow() makes numbers plain where a column has no objects; exactFloat() writes as Python", () => {
  const row = { a: exactFloat(2), b: [{ c: exactFloat(2) }] };
  settleRow(row);
  assertEquals([typeof row.a, row.b[0].c instanceof ExactNumber], ["number", true]);
  assertEquals([2, -0, 1e21, 1e300].map((x) => exactFloat(x).text), [
    "2.0",
    "-0.0",
    "1e+21",
    "1e+300",
  ]);
});
