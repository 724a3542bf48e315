// Numbers of a row are in a template what Python's json and Jinja make of them (tools/fixtures/jinja_numbers.py).
import { assert, assertEquals, assertThrows } from "@std/assert";
import { fileOfBytes } from "../../../../core/base/random_access.ts";
import { jsonRows } from "../../../../core/formats/datasets/json_rows.ts";
import { parquetRows } from "../../../../core/formats/datasets/parquet_rows.ts";
import { openLocalFile } from "../../../../files/local_file.ts";
import { jsonlRows } from "../../../../core/formats/datasets/jsonl_rows.ts";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import type { ChatMessage } from "../../../../core/text/template/chat_messages.ts";
import { parseExact } from "../../../../core/base/exact_number.ts";
import { toExamples } from "../../../../core/text/rows/examples.ts";
import { rowText } from "../../../../core/text/rows/messages.ts";
import { make } from "../../../../core/text/template/make.ts";
import { arithmetic, numberOf, orderOf } from "../../../../core/text/template/numbers.ts";

interface Fixture {
  templates: Record<string, string>;
  tools: string;
  parquet: string[];
  numbers: {
    number: string;
    row: string;
    rendered: string;
    cases: Record<string, { text?: string; error?: string }>;
  }[];
}
const { templates, tools, numbers, parquet }: Fixture = JSON.parse(
  await Deno.readTextFile(new URL("../../../fixtures/chat/numbers.json", import.meta.url)),
);

for (const [name, source] of Object.entries(templates)) {
  Deno.test(`chatTemplate() does with numbers as Python: ${name}`, () => {
    const template = chatTemplate(source);
    for (const { number, cases } of numbers) {
      const n = parseExact(number);
      const { text } = cases[name];
      if (text === undefined) assertThrows(() => template.render([], { variables: { n } }), Error);
      else assertEquals(template.render([], { variables: { n } }), text, `${name} of ${number}`);
    }
  });
}

Deno.test("a dataset's numbers reach the template's tool calls and tools as Python prints them", async () => {
  const template = chatTemplate(tools);
  const read = async (name: string, text: string) => {
    using file = fileOfBytes(new TextEncoder().encode(text), name);
    const rows = name.endsWith("l") ? jsonlRows(file) : jsonRows(file);
    const all = await Array.fromAsync(rows);
    const again = (async function* () {
      yield* all;
    })();
    return { all, examples: await Array.fromAsync(toExamples(again, { format: "messages" })) };
  };
  const finite = numbers.filter(({ number }) => Number.isFinite(Number(number)));
  const lines = finite.map(({ row }) => row);
  for (const [name, text] of [["r.jsonl", lines.join("\n")], ["r.json", `[${lines}]`]]) {
    const { all, examples } = await read(name, text);
    assertEquals([examples.length, numbers.length], [finite.length, finite.length + 2]);
    for (const [i, { number, row, rendered }] of finite.entries()) {
      assertEquals(typeof all[i].row.score, "number", `${number} in a column by itself is plain`);
      const { messages } = all[i].row as { messages: ChatMessage[] };
      assertEquals(template.render(messages, { tools: examples[i].tools }), rendered, number);
      assertEquals(parseExact(JSON.stringify(parseExact(row))), parseExact(row));
    }
  }
});

Deno.test("a Parquet file's floats and wide integers are what they are within messages, and plain by themselves", async () => {
  const path = new URL("../../../fixtures/chat/numbers.parquet", import.meta.url).pathname;
  using file = await openLocalFile(path);
  const rows = await Array.fromAsync(parquetRows(file), ({ row }) => row);
  const template = chatTemplate(tools);
  for (const [i, { messages, score, logps }] of rows.entries()) {
    assertEquals([score, logps].flat().map((x) => typeof x), Array(3).fill("number"));
    const read = rowText(messages, "messages");
    assertEquals(template.render(read as unknown as ChatMessage[]), parquet[i]);
  }
});

Deno.test("arithmetic() goes on in integers past 2⁵³, up to as many digits as Python prints", () => {
  const big = 2n ** 53n + 1n;
  assertEquals(numberOf(arithmetic("-", big, 2, false)), 2 ** 53 - 1);
  assertEquals(numberOf(arithmetic("*", 2 ** 40, -(2 ** 40), false)), -(2n ** 80n));
  assertEquals(numberOf(arithmetic("//", -big, 2, false)), -(2 ** 52) - 1);
  assertEquals(numberOf(arithmetic("%", -big, 10, false)), 7);
  assertEquals(numberOf(arithmetic("**", 3, 50, false)), 3n ** 50n);
  assertEquals(arithmetic("/", big, 1, false).type, "FloatValue");
  for (const [operator, b] of [["**", 10 ** 6], ["*", 10n ** 4299n]] as const) {
    assertThrows(() => arithmetic(operator, 10n ** 40n, b, false), Error, "4300 digits");
  }
});

Deno.test("orderOf() compares integers with floats exactly, and NaN with nothing", () => {
  const big = 2n ** 53n + 1n;
  assertEquals([orderOf(big, 2 ** 53), orderOf(2 ** 53, big), orderOf(big, big)], [1, -1, 0]);
  assertEquals([orderOf(Infinity, big), orderOf(1, 1.5)], [1, -1]);
  assert(Number.isNaN(orderOf(NaN, big)));
  assertEquals(numberOf(make.bool(true)), 1);
});
