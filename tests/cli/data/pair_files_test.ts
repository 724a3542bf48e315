import { assertEquals, assertThrows } from "@std/assert";
import { openDataset } from "../../../files/mod.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import {
  exchanged,
  pairsFormat,
  pairsLine,
  type TextPair,
  trlLines,
  writeTextPairs,
} from "../../../cli/data/pair_files.ts";

const SAID = {
  ...{ annotator: "rule:x.ts", verdict: "b", order: "rejected,chosen" },
  ...{ reason: null, chosen_score: 1.5, rejected_score: null, place: "p.jsonl:1" },
};

/** What a file of each format holds. */
async function written(pairs: readonly TextPair[]): Promise<Record<string, unknown>[][]> {
  const dir = await Deno.makeTempDir();
  const files: Record<string, unknown>[][] = [];
  for (const format of ["jsonl", "parquet"] as const) {
    const path = `${dir}/pairs.${format}`;
    assertEquals(pairsFormat("annotate", path), format);
    await writeTextPairs(path, format, pairs);
    const { rows } = await openDataset(path);
    files.push(await Array.fromAsync(rows(), ({ row }) => ({ ...row })));
  }
  await Deno.remove(dir, { recursive: true });
  return files;
}

Deno.test("writeTextPairs() writes JSON lines and Parquet that read the same", async () => {
  const row = { prompt: "é\n", chosen: "a", rejected: "b" };
  const pairs = [{ row, ...SAID }, { row, ...SAID, reason: "kinder", rejected_score: -2 }];
  for (const rows of await written(pairs)) {
    assertEquals(rows, pairs.map(({ row, ...rest }) => ({ ...row, ...rest })));
  }
});

Deno.test("writeTextPairs() writes dialogues as messages, and the ids that rows brought along", async () => {
  const say = (role: string, content: string) => ({ role, content });
  const row = {
    prompt: [say("system", "S"), say("user", "é")],
    chosen: [{ ...say("assistant", "a"), rendered: "a</s>" }],
    rejected: [say("assistant", "b")],
    tools: [{ name: "f" }],
    ids: { hash: "ab", prompt: [1, 2], chosen: [3], rejected: [4] },
  };
  const { ids: _, ...without } = row;
  const files = await written([{ row, ...SAID }, { row: without, ...SAID }]);
  const there = (rows: unknown) =>
    JSON.parse(JSON.stringify(rows, (_, v) => v === null ? undefined : v));
  for (const rows of files) {
    const [first, second] = there(rows);
    assertEquals([first.prompt, first.chosen], [row.prompt, [say("assistant", "a")]]);
    assertEquals(first.tools, '[{"name":"f"}]');
    assertEquals([first.tokenizer_hash, first.prompt_ids, first.rejected_ids], ["ab", [1, 2], [4]]);
    assertEquals([second.tokenizer_hash, second.rejected], [undefined, row.rejected]);
  }
  const text = { prompt: "p", chosen: "c", rejected: "r" };
  for (const rows of await written([{ row, ...SAID }, { row: text, ...SAID }])) {
    assertEquals(rows.map(({ prompt }) => prompt), ["é", "p"]); // a column holds one kind
  }
});

Deno.test("exchanged() exchanges answers, and their ids", () => {
  const row = { prompt: "p", chosen: "c", rejected: "r" };
  assertEquals(exchanged(row), { prompt: "p", chosen: "r", rejected: "c" });
  const ids = { hash: "h", prompt: [1], chosen: [2], rejected: [3] };
  assertEquals(exchanged({ ...row, ids }).ids, { ...ids, chosen: [3], rejected: [2] });
});

Deno.test("pairsFormat() refuses other endings", () => {
  const error = assertThrows(() => pairsFormat("annotate", "pairs.csv"), UsageError);
  assertEquals(
    error.message,
    'Cannot annotate: --out is "pairs.csv", expected a name that ends in .jsonl or .parquet',
  );
});

Deno.test("trlLines() say in how many pairs TRL makes other ids, and why; nothing where it makes the same", () => {
  assertEquals(trlLines({ same: 3, end: 0, text: 0, unknown: 0 }), []);
  const lines = trlLines({ same: 3, end: 2, text: 1, unknown: 4 });
  assertEquals(lines.map((line) => line.slice(0, 50)), [
    "TRL will train on other ids in 2 of 10 pairs: it p",
    "TRL will train on other ids in 1 of 10 pairs: no t",
    "TRL will train on other ids in 4 of 10 pairs: they",
  ]);
});

Deno.test("pairsLine() counts what is in the file and what is not", () => {
  assertEquals(
    pairsLine("a.jsonl", { pairs: 2, ties: 1, failed: 0 }),
    "2 pairs in a.jsonl; left out: 1 tie, 0 without a verdict",
  );
});
