// What `leash sft` has learnt, written into its folder: an adapter, or a model.
import type { Device } from "../../backend/mod.ts";
import type { Model } from "../../core/mod.ts";
import { sourceOfWeights } from "../../core/model/stored.ts";
import { writeMergedFolder } from "../../files/mod.ts";
import type { Learnt } from "../../training/mod.ts";
import { writeDeviceAdapter } from "../policy/adapter_files.ts";
import type { BaseFiles } from "../policy/export_model.ts";

/** What is said of the result besides its numbers. */
export interface SaveLearntOptions {
  /** What PEFT finds the base by. */
  readonly baseModel: string;
  /** Say an adapter's scale as alpha / √rank. */
  readonly rsLora: boolean;
  /** What is written beside all weights. */
  readonly files?: BaseFiles;
}

/** Writes it as `adapter/` or `model/`; returns that name. */
export async function saveLearnt(
  device: Device,
  { config }: Pick<Model, "config">,
  learnt: Learnt,
  dir: string,
  { files, ...about }: SaveLearntOptions,
): Promise<"adapter" | "model"> {
  if (learnt.kind === "weights") {
    const source = sourceOfWeights(device, config, learnt.weights);
    await writeMergedFolder(`${dir}/model`, source, [], { ...files, dtype: "F32", replace: true });
    return "model";
  }
  await writeDeviceAdapter(device, { config }, learnt.adapter, `${dir}/adapter`, about);
  return "adapter";
}
