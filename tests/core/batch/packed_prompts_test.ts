import { assertEquals } from "@std/assert";
import { packPrompts } from "../../../core/batch/packed_prompts.ts";
import { packSequences } from "../../../core/batch/packed_sequences.ts";

Deno.test("packPrompts() lets each prompt's last row predict one token", () => {
  const prompts = [[7, 8, 9], [5], [4, 6]];
  const packed = packPrompts(prompts);
  assertEquals([...packed.sequences], [0, 0, 0, 1, 2, 2]);
  assertEquals([...packed.headRows], [2, 3, 5]);
  assertEquals([[...packed.headStarts], [...packed.headCounts]], [[0, 1, 2], [1, 1, 1]]);
  // The rows are those of sequences with a token more, without that token's row.
  const longer = packSequences(
    prompts.map((ids) => ({ ids: [...ids, 0], promptLength: ids.length })),
  );
  const rows = [0, 1, 2, 4, 6, 7];
  assertEquals([...packed.ids], rows.map((row) => longer.ids[row]));
  assertEquals([...packed.positions], rows.map((row) => longer.positions[row]));
});
