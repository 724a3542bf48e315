// A character's script is Unicode's, and kana count as Han.
import { assertEquals } from "@std/assert";
import { scriptOf } from "../../../../core/text/tokenizer/unicode_scripts.ts";

Deno.test("scriptOf() names scripts, and nothing for a space", () => {
  const rows = { a: "Latin", "я": "Cyrillic", "日": "Han", "の": "Han", "ア": "Han", "ー": "Han" };
  for (const [c, script] of Object.entries(rows)) assertEquals(scriptOf(c), script);
  assertEquals([scriptOf("1"), scriptOf("\u0301"), scriptOf(" ")], [
    "Common",
    "Inherited",
    undefined,
  ]);
});
