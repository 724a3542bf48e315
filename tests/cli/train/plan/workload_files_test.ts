import { storiesConfig } from "../../../support/run_settings.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../../../cli/terminal/mistake.ts";
import { readWorkload } from "../../../../cli/train/plan/workload_files.ts";
import {
  recordingTerminal,
  TINY_PROMPTS,
  tinyModel,
  tinyWorkspace,
} from "../../../support/tiny_run.ts";

Deno.test("readWorkload() has the model, disjoint prompts and fingerprints of both", async () => {
  using work = await tinyWorkspace();
  const config = {
    model: `${work.dir}/model`,
    prompts: `${work.dir}/prompts.txt`,
    evalPrompts: 3,
    maxNew: 5,
  };
  using files = await readWorkload(storiesConfig("", config));
  assertEquals([files.prompts.train.length, files.prompts.evaluation.length], [21, 3]);
  assertEquals(
    new Set([...files.prompts.train, ...files.prompts.evaluation]),
    new Set(TINY_PROMPTS),
  );
  const { tensors } = await tinyModel();
  assertEquals(files.parameters, tensors.values().reduce((sum, { data }) => sum + data.length, 0));
  assertEquals([files.tokenizer.bosId, files.tokenizer.eosId], [0, 0]);
  assertEquals(files.known, undefined, "Expected no word list for another model than the embedded");
  using again = await readWorkload(storiesConfig("", config));
  assertEquals(again.promptsDigest, files.promptsDigest);
  using fewer = await readWorkload(storiesConfig("", { ...config, evalPrompts: 2 }));
  assert(fewer.promptsDigest !== files.promptsDigest);
});

Deno.test("readWorkload() lets a short context lower an answer's length that nobody gave", async () => {
  using work = await tinyWorkspace();
  const config = { model: `${work.dir}/model`, prompts: `${work.dir}/prompts.txt`, evalPrompts: 1 };
  using given = await readWorkload(storiesConfig("", { ...config, maxNew: 50 }));
  using half = await readWorkload(storiesConfig("", { ...config, maxNew: 128 }), {
    terminal: recordingTerminal(),
    usualNew: true,
  });
  assertEquals([given.maxNew, half.maxNew], [50, 32]); // 64 positions
});

Deno.test("readWorkload() refuses a model without a tokenizer and a folder of prompts", async () => {
  using work = await tinyWorkspace();
  const config = { model: `${work.dir}/model`, prompts: work.dir, evalPrompts: 3, maxNew: 5 };
  await assertRejects(
    () => readWorkload(storiesConfig("", config)),
    UsageError,
    "it is a folder, expected a file",
  );
  await Deno.remove(`${work.dir}/model/tokenizer.json`);
  await assertRejects(
    () => readWorkload(storiesConfig("", config)),
    UsageError,
    "tokenizer.json is missing",
  );
});
