import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../cli/flags.ts";
import { parsePrompts, splitPrompts } from "../../cli/prompts_file.ts";

Deno.test("parsePrompts() reads lines, JSON and JSON lines, each prompt once", () => {
  for (
    const [name, text] of [
      ["p.txt", "\ufeffone\r\n\n  two  \none\n"],
      ["p.json", '["one", {"prompt": "two", "label": 1}]'],
      ["p.jsonl", '"one"\n\n{"prompt":"two"}\n'],
    ]
  ) assertEquals(parsePrompts(text, name), ["one", "two"], name);
});

for (
  const [name, text, line] of [
    [
      "p.txt",
      "only\n\nonly",
      "Cannot read --prompts p.txt: it has 1 different prompts, expected at least 2",
    ],
    ["p.json", "[", "Cannot read --prompts p.json: the file is not JSON, expected JSON"],
    [
      "p.json",
      '{"a":1}',
      "Cannot read --prompts p.json: it holds object, expected an array of prompts",
    ],
    [
      "p.json",
      '["a", 5]',
      "Cannot read --prompts p.json: entry 1 has no prompt, expected text or an object with prompt",
    ],
    [
      "p.jsonl",
      '"a"\n{}',
      "Cannot read --prompts p.jsonl: line 2 has no prompt, expected text or an object with prompt",
    ],
    ["p.jsonl", '"a"\nb', "Cannot read --prompts p.jsonl: line 2 is not JSON, expected JSON"],
  ]
) {
  Deno.test(`parsePrompts() refuses ${JSON.stringify(text)} in one line`, () => {
    assertEquals(assertThrows(() => parsePrompts(text, name), UsageError).message, line);
  });
}

Deno.test("splitPrompts() holds out at most a quarter, the same ones every time, disjoint", () => {
  const prompts = Array.from({ length: 40 }, (_, i) => `prompt ${i}`);
  const split = splitPrompts(prompts, 256);
  assertEquals([split.train.length, split.evaluation.length], [30, 10]);
  assertEquals(splitPrompts(prompts, 256), split);
  assertEquals(new Set([...split.train, ...split.evaluation]).size, 40);
  assertEquals(splitPrompts(prompts, 4).evaluation.length, 4);
  for (const [n, held] of [[7, 1], [8, 2], [11, 2], [12, 3]]) {
    assertEquals(splitPrompts(prompts.slice(0, n), 256).evaluation.length, held, `of ${n}`);
  }
  assertEquals(splitPrompts(prompts.slice(0, 2), 4).evaluation.length, 1);
  assert(
    split.evaluation.some((prompt, i) => prompt !== `prompt ${i}`),
    "Expected a random choice",
  );
});
