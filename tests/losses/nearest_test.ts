import { assertEquals } from "@std/assert";
import { nearest } from "../../losses/nearest.ts";

Deno.test("nearest() is the candidate with the fewest edits, the first of equals", () => {
  for (
    const [word, candidates, wanted] of [
      ["dpp", ["ipo", "dpo", "slic"], "dpo"],
      ["SLIC", ["dpo", "slic", "slic-hf"], "slic"],
      ["max_new", ["members", "max-new", "model"], "max-new"],
      ["", ["bb", "a"], "a"],
      ["x", ["a", "b"], "a"],
    ] as const
  ) assertEquals(nearest(word, candidates), wanted, word);
});
