import { assertEquals, assertRejects } from "@std/assert";
import { fileOfBytes, jsonlRows } from "../../../../core/mod.ts";
import { readPairs } from "../../../../core/text/rows/read_pairs.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const tokenizer = {
  ...{ vocabSize: 200, bosId: 1, eosId: 2, padId: 0, decode: () => "" },
  encode: (text: string) => Array.from(text, (c) => c.charCodeAt(0)),
};
const row = (prompt: string, chosen: string, rejected: string) => ({ prompt, chosen, rejected });

Deno.test("readPairs() encodes rows of a file and of a list alike, and says what became of the rest", async () => {
  const rows = [row("a", "b", "c"), row("a", "", "c"), row("d", "efg", "h"), row("a", "b", "b")];
  const text = rows.map((each) => JSON.stringify(each)).join("\n");
  using file = fileOfBytes(new TextEncoder().encode(text), "p.jsonl");
  const [listed, read] = [
    await readPairs(rows, tokenizer),
    await readPairs(jsonlRows(file), tokenizer),
  ];
  const ids = ({ pairs }: typeof listed) =>
    pairs.map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected]);
  assertEquals(ids(listed), [
    [[1, 97], [98, 2], [99, 2]],
    [[1, 100], [101, 102, 103, 2], [104, 2]],
  ]);
  assertEquals(ids(read), ids(listed));
  assertEquals(read.notes, [
    "2 of 4 rows used",
    "1 skipped: chosen is empty (first p.jsonl:2)",
    "1 skipped: chosen is the same as rejected (first p.jsonl:4)",
  ]);
  assertEquals(listed.notes[1], "1 skipped: chosen is empty (first the list row 2)");
});

Deno.test("readPairs() cuts by the budget that it is given, and renames columns", async () => {
  const rows = [{ q: "a", chosen: "bcde", rejected: "f" }];
  const { pairs } = await readPairs(rows, tokenizer, {
    columns: { prompt: "q" },
    maxCompletion: 2,
  });
  assertEquals(pairs[0].chosen, [98, 99]);
});

Deno.test("readPairs() refuses rows of which none can be used, and those of another kind", async () => {
  await assertRejects(
    () => readPairs([row("a", "b", "b")], tokenizer),
    Mistake,
    "Cannot read pairs: 0 of 1 row used; 1 skipped: chosen is the same as rejected (first the list row 1), expected",
  );
  await assertRejects(
    () => readPairs([{ prompt: "a", completion: "b" }], tokenizer),
    Mistake,
    "Cannot read pairs: the list row 1 is a completion, expected chosen and rejected",
  );
});
