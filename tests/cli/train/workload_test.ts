import { storiesConfig } from "../../support/run_settings.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { modelDigest } from "../../support/model_digest.ts";
import { loadWorkload, readWorkload } from "../../../cli/train/workload.ts";
import {
  recordingTerminal,
  TINY_PROMPTS,
  tinyModel,
  tinyWorkspace,
} from "../../support/tiny_run.ts";

Deno.test("readWorkload() has the model, disjoint prompts and fingerprints of both", async () => {
  using work = await tinyWorkspace();
  const config = {
    model: `${work.dir}/model`,
    prompts: `${work.dir}/prompts.txt`,
    evalPrompts: 3,
    maxNew: 5,
  };
  using device = await CpuDevice.open({ threads: 1 });
  using files = await readWorkload(storiesConfig("", config));
  using task = await loadWorkload(device, files, storiesConfig("", config));
  assertEquals([task.prompts.train.length, task.prompts.evaluation.length], [21, 3]);
  assertEquals(new Set([...task.prompts.train, ...task.prompts.evaluation]), new Set(TINY_PROMPTS));
  const { tensors } = await tinyModel();
  assertEquals(task.parameters, tensors.values().reduce((sum, { data }) => sum + data.length, 0));
  assertEquals([task.tokenizer.bosId, task.tokenizer.eosId], [0, 0]);
  assertEquals(task.modelDigest, await modelDigest(tensors), "Expected that of the host's tensors");
  assertEquals(task.known, undefined, "Expected no word list for another model than the embedded");
  using again = await readWorkload(storiesConfig("", config));
  assertEquals(again.promptsDigest, task.promptsDigest);
  using fewer = await readWorkload(storiesConfig("", { ...config, evalPrompts: 2 }));
  assert(fewer.promptsDigest !== task.promptsDigest);
});

Deno.test("readWorkload() cuts prompts of a file that leave no room for an answer, and says so with the flag", async () => {
  using work = await tinyWorkspace();
  const path = `${work.dir}/long.jsonl`;
  const long = "Tom ran and ran and ran. ".repeat(5);
  const rows = [...TINY_PROMPTS.slice(0, 3), long, 5].map((prompt) => JSON.stringify({ prompt }));
  await Deno.writeTextFile(path, rows.join("\n"));
  const config = { model: `${work.dir}/model`, prompts: path, evalPrompts: 1 };
  using task = await readWorkload(storiesConfig("", { ...config, maxNew: 50 }));
  using half = await readWorkload(storiesConfig("", { ...config, maxNew: 128 }), {
    terminal: recordingTerminal(),
    usualNew: true,
  });
  assertEquals([task.maxNew, half.maxNew], [50, 32]); // 64 positions
  const all = [...task.prompts.train, ...task.prompts.evaluation];
  assertEquals(all.filter((prompt) => typeof prompt === "string").length, 3);
  const cut = all.find((prompt) => typeof prompt !== "string") as { text: string; ids: number[] };
  assertEquals([cut.text, cut.ids.length, cut.ids[0]], [long, 14, 0]);
  assert(
    /^.*long\.jsonl: 1 skipped: prompt is a number.*; 1 prompt cut by \d+ tokens to fit --context 64 before an answer of --max-new 50$/
      .test(task.dataReport!),
    task.dataReport,
  );
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
