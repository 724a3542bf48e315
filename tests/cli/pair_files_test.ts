import { assertEquals, assertThrows } from "@std/assert";
import { openDataset } from "../../core/io/mod.ts";
import { UsageError } from "../../cli/flag_parser.ts";
import { pairsFormat, type TextPair, trlLines, writeTextPairs } from "../../cli/pair_files.ts";

Deno.test("writeTextPairs() writes JSON lines and Parquet that read the same", async () => {
  const dir = await Deno.makeTempDir();
  const pair: TextPair = {
    ...{ prompt: "é\n", chosen: "a", rejected: "b", annotator: "rule:x.ts", verdict: "b" },
    order: "rejected,chosen",
    ...{ reason: null, chosen_score: 1.5, rejected_score: null, place: "p.jsonl:1" },
  };
  const pairs = [pair, { ...pair, reason: "kinder", rejected_score: -2 }];
  for (const format of ["jsonl", "parquet"] as const) {
    const path = `${dir}/pairs.${format}`;
    assertEquals(pairsFormat("annotate", path), format);
    await writeTextPairs(path, format, pairs);
    const { rows } = await openDataset(path);
    assertEquals(
      await Array.fromAsync(rows(), ({ row }) => ({ ...row })),
      pairs.map((p) => ({ ...p })),
    );
  }
  await Deno.remove(dir, { recursive: true });
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
