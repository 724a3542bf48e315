// deno-lint-ignore-file no-console -- a command prints
/**
 * Makes stories/assets/references.json: the embedded model's own continuations of the evaluation prompts, sampled
 * with the settings that `deno task train` has by default. Run it again when the model or the prompts change.
 */
import { openDevice } from "../backend/mod.ts";
import { runConfig } from "../cli/flags/run_config.ts";
import { completeSettings, STORIES_PRESET } from "../cli/flags/train_request.ts";
import { sampleReferences } from "../cli/train/device/references.ts";
import { REFERENCE_KEY } from "../training/mod.ts";
import { loadWorkload } from "../cli/train/device/workload.ts";
import { readWorkload } from "../cli/train/plan/workload_files.ts";
import { promptText } from "../scheduler/mod.ts";
import type { StoryReferences } from "../stories/references.ts";

/** Samples them on the CPU device. */
export async function makeReferences(): Promise<StoryReferences> {
  const config = runConfig(completeSettings("sample", STORIES_PRESET));
  const { temperature, topP, maxNew } = config.sampling;
  using device = await openDevice({ kind: "cpu" });
  using files = await readWorkload(config);
  using task = await loadWorkload(device, files, config);
  const { model, tokenizer } = task;
  const prompts = task.prompts.evaluation;
  const settings = { temperature, topP, maxNew };
  const texts = await sampleReferences(device, { model, tokenizer, prompts, ...settings });
  const [k0, k1] = REFERENCE_KEY;
  return {
    settings,
    key: [k0, k1],
    model: task.modelDigest,
    device: `${device.info.name}, ${device.info.detail.split(",")[0]}`,
    continuations: prompts.map((prompt, i) => ({
      prompt: promptText(prompt),
      text: texts[i],
    })),
  };
}

if (import.meta.main) {
  const references = await makeReferences();
  const path = new URL("../stories/assets/references.json", import.meta.url);
  await Deno.writeTextFile(path, JSON.stringify(references, null, 1) + "\n");
  console.log(`${path.pathname}: ${references.continuations.length} texts of ${references.model}`);
}
