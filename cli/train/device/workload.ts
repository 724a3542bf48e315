// What a run works on, on its device: the files that were read, and the model streamed there.
import type { Device } from "../../../backend/mod.ts";
import type { Model } from "../../../core/mod.ts";
import type { RunConfig } from "../../flags/run_config.ts";
import { loadBase } from "../../policy/base_model.ts";
import type { FetchOptions } from "../../policy/hub_files.ts";
import type { WorkloadFiles } from "../plan/workload_files.ts";

/** What was read, with the model on a device. Disposing it frees the weights; the files are their opener's to close. */
export interface Workload extends WorkloadFiles {
  /** The frozen base. */
  readonly model: Model;
  /** Fingerprint of the weights. */
  readonly modelDigest: string;
}

/** Streams the model to a device; the caller disposes both, the model there and the files. */
export async function loadWorkload(
  device: Device,
  files: WorkloadFiles,
  config: RunConfig,
  options?: FetchOptions,
): Promise<Workload> {
  const { model, digest } = await loadBase(device, files.base, config.device, options);
  return {
    ...files,
    model,
    modelDigest: digest,
    [Symbol.dispose]: () => model.weights[Symbol.dispose](),
  };
}
