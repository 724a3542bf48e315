// The adapters that a run's flags name, read and checked, on no device yet: that of a fixed reference, and the one that
// the members start from.
import { UsageError } from "../../terminal/mistake.ts";
import type { RunConfig } from "../../flags/run_config.ts";
import { targetsOf } from "../../flags/target_modules.ts";
import { adapterFolder } from "../../policy/adapter_spec.ts";
import { linearLayers, type ModelConfig, selectModules } from "../../../core/mod.ts";
import { didYouMean } from "../../../core/base/nearest.ts";
import { isThere } from "../../../files/durable/disk.ts";
import { quote } from "../../../core/base/quote.ts";
import { readAdapterFolder, type StoredAdapter } from "../../policy/adapter_files.ts";

const REFERENCES = ["behaviour", "sft", "ema"];

/** Refuses a `--reference` that is neither a name nor an adapter, before anything is loaded. */
export async function checkReference(reference: string): Promise<void> {
  if (REFERENCES.includes(reference)) return;
  if (await isThere(`${reference}/adapter_config.json`)) return;
  throw new UsageError({
    verb: "train",
    found: `--reference is ${quote(reference)}`,
    expected: `${REFERENCES.join(", ")} or a folder with adapter_config.json.${
      didYouMean(reference, REFERENCES)
    }`,
  });
}

/** Adapters that a run begins with, on the host. */
export interface RunAdapters {
  /** Of a fixed reference; absent for the other modes. */
  readonly fixed?: StoredAdapter;
  /** That the members start from; absent for fresh ones. */
  readonly start?: StoredAdapter;
}

/**
 * Reads what `--reference` and `--adapter` name, and refuses `--target-modules` that choose no layer of the model.
 *
 * @param sizes Of the model.
 * @throws {Mistake} If an adapter is not the model's, or a module has no such name; with the nearest names.
 */
export async function readRunAdapters(
  { method: { reference }, adapter: { from, targetModules } }: Pick<
    RunConfig,
    "method" | "adapter"
  >,
  sizes: ModelConfig,
): Promise<RunAdapters> {
  const layers = linearLayers(sizes);
  const fixed = REFERENCES.includes(reference)
    ? undefined
    : await readAdapterFolder(reference, layers);
  const start = from === undefined
    ? undefined
    : await readAdapterFolder(await adapterFolder(from), layers);
  const targets = targetsOf(targetModules);
  if (targets !== undefined) selectModules(layers, targets);
  return { ...(fixed ? { fixed } : {}), ...(start ? { start } : {}) };
}
