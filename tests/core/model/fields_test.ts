import { assertEquals, assertThrows } from "@std/assert";
import { ConfigFields } from "../../../core/model/fields.ts";

const of = (json: Record<string, unknown>) => new ConfigFields(json, "config.json");

Deno.test("ConfigFields reads each kind of field with its default", () => {
  const fields = of({
    n: 3,
    x: 0.5,
    yes: true,
    act: "gelu",
    list: [1, 2],
    part: { a: 1 },
    none: null,
  });
  assertEquals([fields.count("n"), fields.count("m", 4), fields.positive("x", 1)], [3, 4, 0.5]);
  assertEquals([fields.flag("yes"), fields.flag("no"), fields.flag("no", true)], [
    true,
    false,
    true,
  ]);
  assertEquals(fields.choice("act", { gelu: 1, silu: 2 }, "silu"), 1);
  assertEquals(fields.choice("other", { gelu: 1, silu: 2 }, "silu"), 2);
  const isNumber = (value: unknown): value is number => typeof value === "number";
  assertEquals(fields.list("list", 2, isNumber, "numbers"), [1, 2]);
  assertEquals([fields.list("none", 2, isNumber, "numbers"), fields.object("none")], [
    undefined,
    undefined,
  ]);
  assertEquals([fields.object("part"), fields.optionalPositive("none")], [{ a: 1 }, undefined]);
  assertEquals([fields.has("none"), fields.has("n")], [false, true]);
  fields.refuse("none");
  fields.refuse("yes", true);
});

const REFUSED: [(fields: ConfigFields) => unknown, string][] = [
  [(f) => f.count("word"), 'word is "a", expected a whole number'],
  [(f) => f.count("absent"), "absent is missing, expected a whole number"],
  [(f) => f.count("half"), "half is 0.5, expected a whole number of at least 1"],
  [(f) => f.positive("zero", 1), "zero is 0, expected a number above 0"],
  [(f) => f.optionalPositive("word"), 'word is "a", expected a number'],
  [(f) => f.flag("zero"), "zero is 0, expected true or false"],
  [(f) => f.choice("word", { b: 1 }, "b"), 'word is "a", expected one of b'],
  [(f) => f.choice("method", { b: 1 }, "b"), 'method is "toString", expected one of b'],
  [(f) => f.object("word"), 'word is "a", expected an object or null'],
  [
    (f) => f.list("short", 2, (v): v is number => typeof v === "number", "numbers"),
    "short is [1], expected 2 numbers",
  ],
  [
    (f) => f.refuse("word", "b"),
    'word is "a", expected "b" or null: anything else is not supported',
  ],
  [(f) => f.tokenIds("zero2", 8), "zero2 is -2, expected a token id or null"],
  [(f) => f.tokenIds("nine", 8), "nine is 9, expected an id below the vocab_size 8"],
];

Deno.test("ConfigFields names the field, what it is and what it should be", () => {
  const fields = of({
    word: "a",
    half: 0.5,
    zero: 0,
    method: "toString",
    short: [1],
    zero2: -2,
    nine: 9,
  });
  for (const [body, message] of REFUSED) {
    const error = assertThrows(() => body(fields), Error);
    assertEquals(error.message, `Cannot read config.json: ${message}`);
  }
});
