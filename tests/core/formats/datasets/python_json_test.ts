import { assertEquals, assertThrows } from "@std/assert";
import { parsePythonJson } from "../../../../core/formats/datasets/python_json.ts";

Deno.test("parsePythonJson() reads what Python writes for what is no number, and leaves strings alone", () => {
  const values: [text: string, value: unknown][] = [
    ['{"a": 1}', { a: 1 }],
    ["[NaN, Infinity, -Infinity, -1]", [NaN, Infinity, -Infinity, -1]],
    ['{"NaN": "NaN, Infinity", "q\\"NaN": NaN}', { NaN: "NaN, Infinity", 'q"NaN': NaN }],
    ['["\ue0f3NaN", NaN]', ["\ue0f3NaN", NaN]],
  ];
  for (const [text, value] of values) assertEquals(parsePythonJson(text).value, value, text);
  assertEquals(Object.is((parsePythonJson("[NaN]").value as number[])[0], NaN), true);
});

Deno.test("parsePythonJson() refuses what is neither", () => {
  for (const text of ["", "NaNa", "[nan]", "[NaN", "Infinity1", "[+Infinity]", "{NaN: 1}"]) {
    assertThrows(() => parsePythonJson(text), SyntaxError);
  }
});
