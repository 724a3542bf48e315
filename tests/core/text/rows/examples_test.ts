import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openDataset } from "../../../../files/datasets/open_dataset.ts";
import { ExactNumber } from "../../../../core/base/exact_number.ts";
import { parseColumns, toExamples } from "../../../../core/text/rows/examples.ts";
import type { DatasetRow, PreferenceRow } from "../../../../core/text/rows/rows.ts";
import { sharedDataTest } from "../../../support/shared_data.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

async function* rowsOf(...rows: Record<string, unknown>[]): AsyncGenerator<DatasetRow> {
  for (const [i, row] of rows.entries()) {
    yield { row, file: "f.jsonl", unit: "line", number: i + 1 };
  }
}

Deno.test("toExamples() uses what it can, and counts the rest by reason with the first place", async () => {
  const good = { prompt: "p", chosen: "a", rejected: "b" };
  const examples = toExamples(
    rowsOf(good, { ...good, chosen: "" }, { ...good, tools: [{ name: "t" }] }, {}, {
      ...good,
      chosen: " ",
    }),
  );
  assertEquals(await Array.fromAsync(examples), [
    { kind: "preference", ...good, place: "f.jsonl:1" },
    { kind: "preference", ...good, place: "f.jsonl:3", tools: [{ name: "t" }] },
  ]);
  const { read, used, skipped } = examples.report;
  assertEquals([read, used], [5, 2]);
  assertEquals([...skipped], [
    ["chosen is empty", { count: 2, first: "f.jsonl:2" }],
    ["chosen is missing", { count: 1, first: "f.jsonl:4" }],
  ]);
});

Deno.test("toExamples() reads tools from a list or from JSON, and counts a row whose tools are neither", async () => {
  const good = { prompt: "p", completion: "c" };
  const tool = { name: "t", default: null };
  const examples = toExamples(
    rowsOf(
      { ...good, tools: JSON.stringify([tool]) },
      { ...good, tools: [{ ...tool, enum: ["a", null], of: { size: 2n ** 60n, unit: null } }] },
      ...["", "null", "[]", null].map((tools) => ({ ...good, tools })),
      { ...good, tools: "search" },
      { ...good, tools: '{"name": "t"}' },
      { ...good, tools: 7 },
    ),
  );
  const used = await Array.fromAsync(examples);
  assertEquals(used.map(({ tools }) => tools), [
    [tool], // as it is written
    [{ name: "t", enum: ["a", null], of: { size: new ExactNumber("1152921504606846976") } }], // nulls of structs are absent
    ...[undefined, undefined, undefined, undefined],
  ]);
  assertEquals([...examples.report.skipped], [
    ["tools is text that is not JSON, expected a list", { count: 1, first: "f.jsonl:7" }],
    ["tools is an object, expected a list", { count: 1, first: "f.jsonl:8" }],
    ["tools is a number, expected a list", { count: 1, first: "f.jsonl:9" }],
  ]);
});

Deno.test("toExamples() compares messages that hold integers past 2**53, exactly", async () => {
  const call = (id: bigint) => [
    { role: "user", content: "q" },
    { role: "assistant", content: null, tool_calls: [{ id, function: { name: "f", of: null } }] },
  ];
  const rows = [{ chosen: call(2n ** 60n), rejected: call(2n ** 60n + 1n) }];
  const [pair] = await Array.fromAsync(toExamples(rowsOf(...rows)));
  assert(pair.kind === "preference" && typeof pair.chosen !== "string");
  assertEquals(pair.chosen[0].tool_calls, [{
    id: new ExactNumber("1152921504606846976"),
    function: { name: "f" },
  }]);
  const same = toExamples(rowsOf({ chosen: call(2n ** 60n), rejected: call(2n ** 60n) }));
  await Array.fromAsync(same);
  assertEquals([...same.report.skipped.keys()], ["chosen is the same as rejected"]);
});

Deno.test("toExamples() reads rows by other names, and by a format that is said", async () => {
  const row = { question: "p", good: "a", chosen: "old", rejected: "b" };
  const columns = parseColumns("prompt=question,chosen=good");
  const [example] = await Array.fromAsync(toExamples(rowsOf(row), { columns }));
  assertEquals(example, {
    ...{ kind: "preference", prompt: "p", chosen: "a", rejected: "b", place: "f.jsonl:1" },
  });
  const [prompt] = await Array.fromAsync(toExamples(rowsOf(row), { columns, format: "prompt" }));
  assertEquals(prompt, { kind: "prompt", prompt: "p", place: "f.jsonl:1" });
});

Deno.test("toExamples() says what columns there are where none fit", async () => {
  const message = async (
    row: Record<string, unknown>,
    options?: Parameters<typeof toExamples>[1],
  ) =>
    (await assertRejects(() => Array.fromAsync(toExamples(rowsOf(row), options)), Mistake))
      .message;
  const strange = await message({ "pr\u007fmpt": "a", "b\u2028": "b" });
  assert(strange.startsWith('Cannot use f.jsonl: its columns are "pr\\u007fmpt", "b\\u2028", '));
  assertEquals(
    await message({ question: "q", answer: "a" }),
    'Cannot use f.jsonl: its columns are "question", "answer", expected prompt with chosen and ' +
      "rejected, chosen and rejected, prompt with completion (and label), prompt and label, " +
      "messages, prompt, or text. Map other names, such as prompt=question",
  );
  assertEquals(
    await message({ prompt: "q" }, { format: "completion" }),
    'Cannot use f.jsonl: its columns are "prompt", expected prompt, completion. ' +
      "Map other names, such as prompt=question",
  );
  assertEquals(
    await message({ prompt: "q" }, { columns: { prompt: "question" } }),
    'Cannot use f.jsonl: its columns are "prompt", expected "question" among them. ' +
      "Correct the column mapping",
  );
});

Deno.test("parseColumns() refuses what maps nothing", () => {
  for (const text of ["", "prompt", "prompt=", "promt=question", "prompt=a,prompt=b", "=a"]) {
    const error = assertThrows(() => parseColumns(text), Mistake);
    assert(/^Cannot map columns: the mapping has ".*", expected OURS=THEIRS/.test(error.message));
  }
  assertEquals({ ...parseColumns("prompt = a b , label=x=y") }, { prompt: "a b", label: "x=y" });
});

sharedDataTest("toExamples() reads the BPO authors' files, every row", async (folder) => {
  for (const [file, rows] of [["tldr/test", 1000], ["helpful/test", 500], ["harmless/dev", 500]]) {
    const dataset = await openDataset(`${folder}${file}.jsonl`);
    const examples = toExamples(dataset.rows());
    const list = await Array.fromAsync(examples);
    const { read, used, skipped } = examples.report;
    assertEquals(read, rows, `${file}`);
    assertEquals(used + [...skipped.values()].reduce((sum, { count }) => sum + count, 0), read);
    assertEquals(list.length, used);
    assert(used >= read - 10, `${file}: ${[...skipped]}`);
    assert(list.every(({ kind }) => kind === "completion"));
  }
});

sharedDataTest(
  "toExamples() splits Anthropic's dialogues at the last answer, and names those that part before",
  async (folder) => {
    const dataset = await openDataset(`${folder}hh_pairs/harmless_base_test.jsonl`);
    const examples = toExamples(dataset.rows());
    const list = await Array.fromAsync(examples) as PreferenceRow[];
    const { read, used, skipped } = examples.report;
    assertEquals(read, 2312);
    assertEquals(used + [...skipped.values()].reduce((sum, { count }) => sum + count, 0), read);
    assert(used > 2200, `${[...skipped]}`);
    for (const { prompt, chosen, rejected } of list) {
      assert(typeof prompt !== "string" && typeof chosen !== "string");
      assertEquals([prompt.at(-1)!.role, chosen.length, rejected.length], ["user", 1, 1]);
      assertEquals(chosen[0].role, "assistant");
    }
  },
);
