import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadPlan } from "../../../../cli/train/device/loaded_plan.ts";
import { readPlan } from "../../../../cli/train/plan/plan.ts";
import { UsageError } from "../../../../cli/terminal/mistake.ts";
import { modelDigest } from "../../../support/model_digest.ts";
import { recordingTerminal, tinyModel, tinyWorkspace } from "../../../support/tiny_run.ts";
import { tinyFolder } from "../../../support/unopened_folder.ts";

Deno.test("loadPlan() has all on the device, and what makes the run the same work", async () => {
  using work = await tinyWorkspace();
  const terminal = recordingTerminal();
  using plan = await readPlan(tinyFolder(work.dir), { terminal });
  using loaded = await loadPlan(plan, { terminal });
  const { identity, config, policies, recorded } = loaded;
  assertEquals(identity.config, plan.settings);
  assertEquals(identity.model, await modelDigest((await tinyModel()).tensors));
  assertEquals(identity.prompts, plan.files.promptsDigest);
  assert(identity.settings !== undefined && identity.tokenizer !== undefined);
  assertEquals(Object.keys(identity).filter((name) => /Adapter|Pairs|rule/.test(name)), []);
  assertEquals([config, recorded], [plan.config, undefined]);
  assertEquals(policies.reference, { kind: "behaviour" });
  assert(loaded.device.stats().live > 0);
  assertEquals(terminal.lines.length, 1); // which device
});

Deno.test("loadPlan() remembers the split of a step that is too large, and refuses what no split helps", async () => {
  using work = await tinyWorkspace();
  const terminal = recordingTerminal();
  const load = async (memory: number) => {
    using plan = await readPlan(tinyFolder(work.dir, { pairs: 12, memory }), { terminal });
    using loaded = await loadPlan(plan, { terminal });
    return loaded;
  };
  const { config, identity } = await load(0.0022);
  const { microBatch } = config.optimiser;
  assert(microBatch !== undefined && microBatch < 12, `${microBatch} of 12 pairs`);
  assertEquals(identity.config.microBatch, microBatch);
  await assertRejects(() => load(0.0003), UsageError, "Lower ");
});
