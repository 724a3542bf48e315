import { assertEquals } from "@std/assert";
import { storiesConfig } from "../../../support/run_settings.ts";
import { CpuDevice } from "../../../../backend/cpu/device.ts";
import { loadWorkload } from "../../../../cli/train/device/workload.ts";
import { readWorkload } from "../../../../cli/train/plan/workload_files.ts";
import { modelDigest } from "../../../support/model_digest.ts";
import { tinyModel, tinyWorkspace } from "../../../support/tiny_run.ts";

Deno.test("loadWorkload() has the weights on the device until it is disposed, and their fingerprint", async () => {
  using work = await tinyWorkspace();
  const config = storiesConfig("", {
    model: `${work.dir}/model`,
    prompts: `${work.dir}/prompts.txt`,
    evalPrompts: 3,
    maxNew: 5,
  });
  using device = await CpuDevice.open({ threads: 1 });
  using files = await readWorkload(config);
  {
    using workload = await loadWorkload(device, files, config);
    const { tensors } = await tinyModel();
    assertEquals(workload.modelDigest, await modelDigest(tensors), "that of the host's tensors");
    assertEquals(workload.promptsDigest, files.promptsDigest);
  }
  assertEquals(device.stats().live, 0);
});
