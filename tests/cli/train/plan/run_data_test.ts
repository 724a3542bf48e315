import { assert, assertEquals, assertRejects } from "@std/assert";
import { storiesConfig } from "../../../support/run_settings.ts";
import { modelFlags } from "../../../../cli/flags/run_config.ts";
import { openBase } from "../../../../cli/policy/base_model.ts";
import { readRunData } from "../../../../cli/train/plan/run_data.ts";
import { UsageError } from "../../../../cli/terminal/mistake.ts";
import { TINY_PROMPTS, tinyWorkspace } from "../../../support/tiny_run.ts";

Deno.test("readRunData() cuts prompts of a file that leave no room for an answer, and says so with the flag", async () => {
  using work = await tinyWorkspace();
  const path = `${work.dir}/long.jsonl`;
  const long = "Tom ran and ran and ran. ".repeat(5);
  const rows = [...TINY_PROMPTS.slice(0, 3), long, 5].map((prompt) => JSON.stringify({ prompt }));
  await Deno.writeTextFile(path, rows.join("\n"));
  const config = { model: `${work.dir}/model`, prompts: path, evalPrompts: 1 };
  const asked = storiesConfig("", config);
  using base = await openBase(modelFlags(asked));
  const { prompts, dataReport } = await readRunData(asked, base, 50); // of 64 positions
  const all = [...prompts.train, ...prompts.evaluation];
  assertEquals(all.filter((prompt) => typeof prompt === "string").length, 3);
  const cut = all.find((prompt) => typeof prompt !== "string") as { text: string; ids: number[] };
  assertEquals([cut.text, cut.ids.length, cut.ids[0]], [long, 14, 0]);
  assert(
    /^.*long\.jsonl: 1 skipped: prompt is a number.*; 1 prompt cut by \d+ tokens to fit --context 64 before an answer of --max-new 50$/
      .test(dataReport!),
    dataReport,
  );
});

Deno.test("readRunData() refuses an embedded prompt that leaves no room for an answer", async () => {
  using work = await tinyWorkspace();
  const config = storiesConfig("", { model: `${work.dir}/model`, context: 12 });
  using base = await openBase(modelFlags(config));
  const read = readRunData(config, base, 8);
  await assertRejects(() => read, UsageError, "expected 1 to 4 so that --max-new 8 more fit in 12");
});
