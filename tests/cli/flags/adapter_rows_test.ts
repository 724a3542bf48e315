import { assert, assertEquals } from "@std/assert";
import { ADAPTER_ROWS, CHECKPOINTING_ROW, LORA_ROWS } from "../../../cli/flags/adapter_rows.ts";
import { SFT_FLAGS } from "../../../cli/sft/flags.ts";

Deno.test("ADAPTER_ROWS share with leash sft what both have", () => {
  const shared = [...LORA_ROWS, CHECKPOINTING_ROW];
  for (const row of shared) {
    assert(ADAPTER_ROWS.some((other) => other === row), row.name);
    assertEquals(SFT_FLAGS.find(({ name }) => name === row.name)?.help, row.help);
  }
});
