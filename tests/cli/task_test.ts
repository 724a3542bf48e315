import { assert, assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../cli/flags.ts";
import { readTask } from "../../cli/task.ts";
import { TINY_PROMPTS, tinyModel, tinyWorkspace } from "../support/tiny_run.ts";

Deno.test("readTask() has the model, disjoint prompts and fingerprints of both", async () => {
  using work = await tinyWorkspace();
  const config = {
    model: `${work.dir}/model`,
    prompts: `${work.dir}/prompts.txt`,
    evalPrompts: 3,
    maxNew: 5,
  };
  const task = await readTask(config);
  assertEquals([task.prompts.train.length, task.prompts.evaluation.length], [21, 3]);
  assertEquals(new Set([...task.prompts.train, ...task.prompts.evaluation]), new Set(TINY_PROMPTS));
  const { tensors } = await tinyModel();
  assertEquals(task.parameters, tensors.values().reduce((sum, { data }) => sum + data.length, 0));
  assertEquals([task.tokenizer.bosId, task.tokenizer.eosId], [0, 0]);
  assertEquals((await readTask(config)).promptsDigest, task.promptsDigest);
  const fewer = await readTask({ ...config, evalPrompts: 2 });
  assertEquals(fewer.modelDigest, task.modelDigest);
  assert(fewer.promptsDigest !== task.promptsDigest);
});

Deno.test("readTask() refuses a model without a tokenizer and a folder of prompts", async () => {
  using work = await tinyWorkspace();
  const config = { model: `${work.dir}/model`, prompts: work.dir, evalPrompts: 3, maxNew: 5 };
  await assertRejects(() => readTask(config), UsageError, "it is a folder, expected a file");
  await Deno.remove(`${work.dir}/model/tokenizer.json`);
  await assertRejects(() => readTask(config), UsageError, "tokenizer.json is missing");
});
