import { assertEquals } from "@std/assert";
import { didYouMean, nearest } from "../../../core/base/nearest.ts";

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

Deno.test("didYouMean() suggests what is near and nothing else", () => {
  const flags = ["loss", "steps", "members", "max-new", "max-prompt"];
  for (
    const [word, wanted] of [
      ["epochs", ""],
      ["stesp", " Did you mean --steps?"],
      ["los", " Did you mean --loss?"],
      ["memebrs", " Did you mean --members?"],
      ["max", " Did you mean --max-new?"],
      ["x", ""],
      ["", ""],
      ["l".repeat(100_000), ""],
    ] as const
  ) assertEquals(didYouMean(word, flags, (name) => `--${name}`), wanted, word.slice(0, 20));
  assertEquals(didYouMean("stf", ["behaviour", "sft"]), " Did you mean sft?"); // letters that changed places
  assertEquals(didYouMean("a", []), "");
});
