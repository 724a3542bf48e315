import { assertEquals, assertThrows } from "@std/assert";
import { parseShardIndex } from "../../../core/formats/shard_index.ts";
import { rows } from "../../malformed/index.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

Deno.test("parseShardIndex() groups tensors by shard, in the order of the index", () => {
  const map = { b: "2.safetensors", a: "1.safetensors", c: "2.safetensors" };
  const index = parseShardIndex(bytes({ metadata: { total_size: 12 }, weight_map: map }), "i");
  assertEquals([...index.shards], [["2.safetensors", ["b", "c"]], ["1.safetensors", ["a"]]]);
  assertEquals(index.totalSize, 12);
  assertEquals(parseShardIndex(bytes({ weight_map: map }), "i").totalSize, undefined);
  assertEquals(
    parseShardIndex(bytes({ metadata: null, weight_map: map }), "i").totalSize,
    undefined,
  );
});

Deno.test("parseShardIndex() refuses what needs no shard to be seen", async () => {
  const alone = rows.filter(({ error, file }) =>
    error.startsWith(`Cannot read ${file}`) && !error.includes("at least the")
  );
  assertEquals(alone.length >= 15, true);
  for (const row of alone) {
    const content = await row.bytes();
    const error = assertThrows(() => parseShardIndex(content, row.file), Mistake);
    assertEquals(error.message, row.error);
  }
});
