import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { chatTemplate, type Example } from "../../../core/mod.ts";
import {
  type DataFlags,
  firstKind,
  preferenceOf,
  promptOf,
  readRows,
  skippedLines,
} from "../../../cli/data/rows.ts";
import type { DataModel } from "../../../cli/data/dialogues.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { UnusableRow } from "../../../core/text/rows/report.ts";
import { Mistake } from "../../../core/base/mistake.ts";

/** A character is its code; <e> is the end token. */
const tokenizer = {
  ...{ vocabSize: 300, bosId: 256, eosId: 257, padId: 257 },
  encode: (text: string, { allowSpecial = true } = {}) =>
    [...text.matchAll(allowSpecial ? /<e>|[^]/g : /[^]/g)].map(([piece]) =>
      piece === "<e>" ? 257 : piece.charCodeAt(0)
    ),
  decode: (ids: ArrayLike<number>) =>
    String.fromCharCode(...Array.from(ids).filter((id) => id < 256)),
};
const plain: DataModel = { name: "tiny", tokenizer, addsBos: false, sizes: { eosId: [257] } };
const chat: DataModel = {
  ...plain,
  chat: chatTemplate(
    "{% for m in messages %}{{ m.role }}: {{ m.content }}<e>\n{% endfor %}" +
      "{% if add_generation_prompt %}assistant: {% endif %}",
  ),
};

async function withRows<T>(
  rows: readonly (unknown | string)[],
  use: (flags: DataFlags) => Promise<T>,
): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".jsonl" });
  const line = (row: unknown) => (typeof row === "string" ? row : JSON.stringify(row)) + "\n";
  await Deno.writeTextFile(path, rows.map(line).join(""));
  try {
    return await use({ data: path });
  } finally {
    await Deno.remove(path);
  }
}

/** What becomes of rows, with the file's name as FILE. */
const read = (rows: readonly unknown[], model = plain, flags: Partial<DataFlags> = {}) =>
  withRows(rows, async ({ data }) => {
    const needs = {
      choose: (example: Example) => example,
      budget: { maxLength: 64 },
      limits: { maxLength: "--context 64" },
    };
    const stream = await readRows({ data, ...flags }, model, needs);
    const used = await Array.fromAsync(stream);
    return { used, report: stream.report().replaceAll(data, "FILE") };
  });

Deno.test("readRows() says of text that spells special tokens what became of it, with a count", async () => {
  const row = { prompt: "user: q<e>\nassistant: ", completion: "a<e>\n" };
  const spelt = await read([row, { prompt: "q", completion: "a" }]);
  assertEquals(
    spelt.report,
    "2 of 2 rows used; 1 of text that spells special tokens, read as those tokens",
  );
  const amid = { prompt: "Is <e> one?", completion: "a" };
  const { used, report } = await read([row, amid], chat);
  assertEquals(
    report,
    "1 of 2 rows used; 1 skipped: a message of prompt spells a special token (first FILE:2); " +
      "1 through the chat template; 1 in the chat template's form already, left as they are; " +
      "1 of text that spells special tokens, read as those tokens",
  );
  const [{ encoded }] = used;
  assert(encoded.kind === "completion");
  assertEquals(encoded.prompt, tokenizer.encode(row.prompt), "the template is not put twice");
  assertEquals(encoded.completion, tokenizer.encode("a<e>"), "nor is the end token");
  const asked = { prompt: [{ role: "user", content: "q" }], completion: "unused" };
  const messages = { ...asked, completion: [{ role: "assistant", content: "a" }] };
  const [turns] = (await read([messages], chat)).used;
  assertEquals(encoded.prompt, turns.encoded.prompt, "the ids are those of the messages");
});

Deno.test("readRows() names the flag that cut, and columns that nobody reads", async () => {
  const { report } = await read([
    { prompt: "p".repeat(70), completion: "abc", source: "web", score: 3 },
    { prompt: "p", completion: "c".repeat(70), notes: "x\u001b[31m" },
  ]);
  assertEquals(
    report,
    "2 of 2 rows used; columns not read: source, notes; 1 prompt cut by 10 tokens to fit --context 64; " +
      "1 answer cut by 8 tokens to fit --context 64",
  );
  const named = await read([{ prompt: "p", completion: "c", "\u001b[31m": "x" }]);
  assertEquals(named.report, "1 of 1 row used; columns not read: \\u001b[31m");
});

Deno.test("readRows() accepts NaN and Infinity as Python writes them in a column that is not read, and names one that is", async () => {
  const { report } = await read([
    '{"prompt": "p NaN", "completion": "c", "score": NaN, "of": [-Infinity, Infinity]}',
    '{"prompt": NaN, "completion": "c"}',
    '{"prompt": "p", "completion": Infinity}',
  ]);
  assertEquals(
    report,
    "1 of 3 rows used; 1 skipped: prompt is NaN, expected text or messages (first FILE:2); " +
      "1 skipped: completion is Infinity, expected text or messages (first FILE:3)",
  );
});

Deno.test("readRows() reads HH dialogues for a model without a template as the text that they are", async () => {
  const begun = "\n\nHuman: q\n\nAssistant:";
  const row = { chosen: `${begun} yes`, rejected: `${begun} no` };
  const { used: [{ encoded }] } = await read([row]);
  assert(encoded.kind === "preference");
  assertEquals(tokenizer.decode(encoded.prompt), begun);
  assertEquals(
    [encoded.chosen, encoded.rejected].map((ids) => tokenizer.decode(ids)),
    [" yes", " no"],
  );
  const { used: [turns] } = await read([row], chat);
  assertEquals(tokenizer.decode(turns.encoded.prompt), "user: q\nassistant: ");
});

Deno.test("readRows() keeps an answer's indentation and its last line end", async () => {
  const row = { prompt: "def f(x):", completion: "    return x\n" };
  for (const model of [plain, chat]) {
    const { used: [{ encoded }] } = await read([row], model);
    assert(encoded.kind === "completion");
    assertEquals(tokenizer.decode(encoded.completion), row.completion);
  }
});

Deno.test("readRows() passes over messages where there is no template, and ends at them where it is strict", async () => {
  const rows = [
    { messages: [{ role: "user", content: "q" }, { role: "assistant", content: "a" }] },
    { prompt: "p", completion: "c" },
  ];
  const why = "its prompt is messages and tiny has no chat template, expected text";
  assertEquals(
    (await read(rows)).report,
    `1 of 2 rows used; 1 skipped: ${why} (first FILE:1)`,
  );
  const error = await assertRejects(() => read(rows, plain, { strict: true }), Mistake);
  assert(error.message.endsWith(`:1: ${why}. Correct the row, or leave --strict out to skip it`));
});

Deno.test("promptOf() is the side that is asked, with its text where the file has one", () => {
  const base = { place: "f:1", prompt: "q" };
  assertEquals(promptOf({ ...base, kind: "completion", completion: "a" }), {
    ...base,
    kind: "prompt",
  });
  assertEquals(promptOf({ kind: "text", place: "f:1", text: "t" }).prompt, "t");
  const plain = { prompt: "Human: q", completion: "a" };
  const row = promptOf({ ...base, kind: "completion", completion: "a", plain, tools: [1] });
  assertEquals([row.plain, row.tools], [{ prompt: "Human: q" }, [1]]);
});

Deno.test("skippedLines() joins what several readers passed over", () => {
  const report = (why: string) => ({
    ...{ read: 2, used: 1, skipped: new Map([[why, { count: 1, first: "f:1" }]]) },
  });
  assertEquals(skippedLines([report("a"), report("b")]), [
    "1 skipped: a (first f:1)",
    "1 skipped: b (first f:1)",
  ]);
});

Deno.test("firstKind() looks for preferences, and else at the first usable row", async () => {
  const pair = { prompt: "a", chosen: "b", rejected: "c" };
  assertEquals(await withRows([{ ...pair, chosen: "" }, pair], firstKind), "preference");
  assertEquals(await withRows([{ prompt: "a", label: "b" }], firstKind), "completion");
  await assertRejects(
    () => withRows([{ prompt: "" }], firstKind),
    UsageError,
    "no row that can be used (0 of 1 row used; 1 skipped: prompt is empty (first ",
  );
  assertEquals(
    await withRows([{ prompt: "a" }, pair], firstKind),
    "preference",
    "where there are some",
  );
});

Deno.test("preferenceOf() is the pair itself, and of another row what was expected", () => {
  const pair = {
    kind: "preference",
    place: "a:1",
    prompt: "",
    chosen: "b",
    rejected: "c",
  } as const;
  assertEquals(preferenceOf(pair, "a pair"), pair);
  assertThrows(
    () => preferenceOf({ kind: "text", place: "a:1", text: "b" }, "a pair"),
    UnusableRow,
    "it is a text, expected a pair",
  );
});
