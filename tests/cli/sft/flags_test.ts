import { assertEquals } from "@std/assert";
import { CONFIG_ROWS, SFT_FLAGS } from "../../../cli/sft/flags.ts";

Deno.test("SFT_FLAGS has no name twice, and CONFIG_ROWS all but those of the folder", () => {
  const names = SFT_FLAGS.map(({ name }) => name);
  assertEquals(names.length, new Set(names).size);
  const config: readonly string[] = CONFIG_ROWS.map(({ name }) => name);
  assertEquals(names.filter((name) => !config.includes(name)), ["out", "resume", "accept-change"]);
});
