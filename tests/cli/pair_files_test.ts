import { assertEquals, assertThrows } from "@std/assert";
import { openDataset } from "../../core/io/mod.ts";
import { UsageError } from "../../cli/flag_parser.ts";
import { pairsFormat, type TextPair, writeTextPairs } from "../../cli/pair_files.ts";

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
