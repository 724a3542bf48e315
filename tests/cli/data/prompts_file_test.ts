import { assert, assertEquals, assertRejects } from "@std/assert";
import { readPrompts, splitPrompts } from "../../../cli/data/prompts_file.ts";

/** What becomes of a file of this name, with its folder as DIR in every message. */
async function read(name: string, content: string | Uint8Array) {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/${name}`;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(path, bytes);
  try {
    const { prompts, skipped } = await readPrompts(path);
    return { prompts, skipped: skipped.map((line) => line.replaceAll(dir, "DIR")) };
  } catch (error) {
    (error as Error).message = (error as Error).message.replaceAll(dir, "DIR");
    throw error;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("readPrompts() reads lines, JSON, JSON lines and rows, each prompt once", async () => {
  for (
    const [name, text] of [
      ["p.txt", "\ufeffone\r\n\n  two  \none\n"],
      ["p", "one\ntwo"],
      ["p.json", '["one", {"prompt": "two", "label": 1}]'],
      ["p.jsonl", '"one"\n\n{"prompt":"two","score":NaN}\n'],
      ["p.csv", "id,prompt\n1,one\n2,two\n"],
      ["q.jsonl", '\ufeff{"text":"one"}\n{"text":"two"}\n'],
    ]
  ) assertEquals(await read(name, text), { prompts: ["one", "two"], skipped: [] }, name);
});

Deno.test("readPrompts() counts what is no prompt, by reason with the first place", async () => {
  const lines = ['"a"', "5", '{"prompt": ""}', '{"q": 1}', '{"prompt": [{"role": "user"}]}', '"b"'];
  assertEquals(await read("p.jsonl", lines.join("\n")), {
    prompts: ["a", "b"],
    skipped: [
      "1 skipped: prompt is a number, expected text or an object with prompt (first DIR/p.jsonl:2)",
      "1 skipped: prompt is empty (first DIR/p.jsonl:3)",
      "1 skipped: prompt is missing, expected text or an object with prompt (first DIR/p.jsonl:4)",
      "1 skipped: prompt is messages, expected text. Give the file as --data (first DIR/p.jsonl:5)",
    ],
  });
});

const latin1 = Uint8Array.from("one\ncaf\u00e9\n", (c) => c.charCodeAt(0));
for (
  const [name, content, line] of [
    [
      "p.txt",
      "only\n\nonly",
      "Cannot read --prompts DIR/p.txt: it has 1 different prompt, expected at least 2",
    ],
    [
      "p.json",
      '["a", 5]',
      "Cannot read --prompts DIR/p.json: it has 1 different prompt, expected at least 2 " +
      "(1 skipped: prompt is a number, expected text or an object with prompt (first DIR/p.json entry 1))",
    ],
    ["p.json", "[", "Cannot read DIR/p.json: the file is not JSON, expected an array of prompts"],
    [
      "p.json",
      '{"a":1}',
      "Cannot read --prompts DIR/p.json: it holds an object, expected an array of prompts",
    ],
    [
      "p.jsonl",
      '"a"\nb',
      "Cannot read DIR/p.jsonl: line 2 is not JSON, expected one prompt a line",
    ],
    ["p.txt", latin1, "Cannot read DIR/p.txt: line 2 is not UTF-8, expected prompts in UTF-8"],
    [
      "p.txt",
      Uint8Array.of(0xff, 0xfe, 0x61, 0),
      "Cannot read DIR/p.txt: the file is UTF-16, expected prompts in UTF-8. Save it as UTF-8",
    ],
    ["p.txt", "a\nb\0", "Cannot read DIR/p.txt: line 2 has a NUL byte, expected prompts in UTF-8"],
    [
      "p.txt",
      "",
      "Cannot read DIR/p.txt: the file is empty, expected prompts. Fetch the file again",
    ],
    [
      "p.txt",
      "<!doctype html><p>",
      "Cannot read DIR/p.txt: the file is a web page, expected prompts. " +
      "Check the address and whether it asks for a login",
    ],
  ] as const
) {
  Deno.test(`readPrompts() refuses ${name} with ${JSON.stringify(content).slice(0, 30)} in one line`, async () => {
    const error = await assertRejects(() => read(name, content));
    assertEquals((error as Error).message, line);
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
