import { assertRejects } from "@std/assert";
import { parseModelConfig } from "../../../../core/mod.ts";
import { storiesConfig } from "../../../support/run_settings.ts";
import { UsageError } from "../../../../cli/terminal/mistake.ts";
import { checkReference, readRunAdapters } from "../../../../cli/train/plan/run_adapters.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

Deno.test("checkReference() takes names and adapter folders, and suggests the nearest name", async () => {
  for (const name of ["behaviour", "sft", "ema"]) await checkReference(name);
  await assertRejects(() => checkReference("stf"), UsageError, "Did you mean sft?");
});

Deno.test("readRunAdapters() refuses modules that no layer has, and takes the others", async () => {
  const sizes = parseModelConfig({
    ...{ model_type: "llama", vocab_size: 16, hidden_size: 8, intermediate_size: 12 },
    ...{ num_hidden_layers: 1, num_attention_heads: 2 },
  }, "config.json");
  for (const targetModules of [undefined, "all-linear", "q_proj,v_proj", ".*mlp.*"]) {
    await readRunAdapters(storiesConfig("", { targetModules }), sizes);
  }
  await assertRejects(
    () => readRunAdapters(storiesConfig("", { targetModules: "q_prj" }), sizes),
    Mistake,
    "as q_proj",
  );
});
