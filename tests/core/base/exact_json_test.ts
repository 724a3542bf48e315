import { assertEquals, assertThrows } from "@std/assert";
import { exactParse, exactStringify } from "../../../core/base/exact_json.ts";

const values: unknown[] = [
  NaN,
  [Infinity, -Infinity, -0, 0, 5e-324],
  { a: "NaN", b: ["Infinity", "-Infinity", "nan"], NaN: 1, c: 'say "NaN"' },
  { text: '"NaN"', deep: [{ x: [NaN, "NaN"] }], none: null, yes: true },
];

for (const value of values) {
  Deno.test(`exactParse() gives back what exactStringify() wrote: ${exactStringify(value)}`, () => {
    for (const indent of [undefined, 2]) {
      const back = exactParse(exactStringify(value, indent)!);
      assertEquals(back, value);
      assertEquals(exactStringify(back, indent), exactStringify(value, indent)); // −0 too
    }
  });
}

Deno.test("exactParse() gives −0 back, which is no 0", () => {
  assertEquals(exactStringify([-0, 0]), "[-0,0]");
  const [minus, plus] = exactParse("[-0,0]") as number[];
  assertEquals([1 / minus, 1 / plus], [-Infinity, Infinity]);
});

Deno.test("exactStringify() writes what JSON.stringify does where that keeps everything", () => {
  const plain = { a: [1, "x", null, true], b: undefined, c: new Date(0) };
  assertEquals(exactStringify(plain), JSON.stringify(plain));
  assertEquals(exactStringify(undefined), undefined);
});

Deno.test("exactParse() reads JSON of others as it is, and refuses what is none", () => {
  assertEquals(exactParse('{"a":"\\u004eaN"}'), { a: "NaN" });
  assertThrows(() => exactParse("{NaN"), SyntaxError);
});
