// JSON that would take far more memory than its bytes is refused before it is parsed.
import { assertEquals, assertThrows } from "@std/assert";
import {
  CONFIG_BOUNDS,
  refuseHugeJson,
  ROW_BOUNDS,
  ROWS_BOUNDS,
  TOKENIZER_BOUNDS,
} from "../../../core/base/json_bounds.ts";
import { parseJsonObject } from "../../../core/base/json_object.ts";
import { parseHeader } from "../../../core/formats/safetensors_header.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const check = (text: string) =>
  refuseHugeJson(bytes(text), "file", "line 3", { depth: 2, values: 6 }, "Cut it");

Deno.test("refuseHugeJson() counts depth and values outside strings", () => {
  for (
    const text of [
      '{"a":[1,2],"b":3}', // 2 opened, 2 commas, 2 colons
      '{"[[[,,,,:::":"]]\\\\","\\"{{{[[[":"}"}',
      "[[],[],[]]",
      '"' + "[,".repeat(99) + '"',
      '"open string [[[[',
      '{"é日":[]}',
    ]
  ) check(text);
  const deep = "Cannot read file: line 3 is nested over 2 deep, expected at most 2 objects and " +
    "lists within each other. Cut it";
  const many = "Cannot read file: line 3 has over 6 values, expected at most 6. Cut it";
  const rows: [string, string][] = [
    ["[[[]]]", deep],
    ['{"a":{"b":[]}}', deep],
    ["[1,2,3,4,5,6,7]", many],
    ['{"a":1,"b":2,"c":3,"d":4}', many],
    ["[[],[],[],[]]", many], // lists count where no comma is
    ['["\\\\",1,2,3,4,5,6]', many], // the string ends after an escaped backslash
  ];
  for (const [text, message] of rows) {
    assertEquals(assertThrows(() => check(text), Mistake).message, message);
  }
});

Deno.test("refuseHugeJson() has room for Gemma 3's vocabulary and merges, and for wide headers", () => {
  const gemma = 262_145 * 2 + 514_906 * 3 + 6_414 * 20; // "a":0, and ["a","b"], and added tokens
  assertEquals(gemma < TOKENIZER_BOUNDS.values, true);
  assertEquals(262_145 + 6_414 * 8 < TOKENIZER_BOUNDS.keys!, true);
  const few = { depth: 2, values: 6, keys: 1 };
  refuseHugeJson(bytes('{"a":[1,2]}'), "f", "p", few);
  const error = assertThrows(() => refuseHugeJson(bytes('{"a":1,"b":2}'), "f", "p", few, "Cut it"));
  assertEquals(
    (error as Error).message,
    "Cannot read f: p has over 1 keys, expected at most 1. Cut it",
  );
  assertEquals(80_000 * 12 < CONFIG_BOUNDS.values, true);
  assertEquals(ROW_BOUNDS.values <= ROWS_BOUNDS.values, true);
});

Deno.test("parseJsonObject() and parseHeader() refuse nesting before JSON is parsed", () => {
  const deep = bytes('{"a":' + "[".repeat(64)); // not even JSON: it is never parsed
  const message = (part: string) =>
    `Cannot read f: ${part} is nested over 64 deep, expected at most 64 objects and lists ` +
    "within each other. Remove what does not belong there";
  const config = assertThrows(() => parseJsonObject(deep, "f", "the file"), Mistake);
  assertEquals(config.message, message("the file"));
  const header = assertThrows(() => parseHeader(deep, "f", 0), Mistake);
  assertEquals(header.message, message("the header"));
  const wide = bytes('{"a":[' + "0,".repeat(CONFIG_BOUNDS.values));
  assertThrows(() => parseHeader(wide, "f", 0), Mistake, "the header has over 1000000 values");
});
