// Adapters as others load them: PEFT folders, and a LoRA file of llama.cpp.
import {
  encodeLoraGguf,
  type HostAdapter,
  type LinearShape,
  meanOfAdapters,
  type ModelConfig,
  peftFiles,
  splitFactors,
  truncateAdapter,
} from "../../core/mod.ts";
import type { ExportModel } from "./export_model.ts";
import { type SafetensorsDType, writeFileDurably, writeFolderDurably } from "../../files/mod.ts";
import { familyOf } from "../../core/model/families/mod.ts";

/**
 * The folder itself is what to load: the one adapter, or the members' mean, of `--rank` where it is given. Members have
 * a folder each below it, and so has the exact mean where it is not on top.
 */
export async function writePeft(
  { out, rank }: { readonly out: string; readonly rank?: number },
  model: ExportModel,
  members: readonly HostAdapter[],
  layers: readonly LinearShape[],
  dtype: SafetensorsDType | undefined,
): Promise<string[]> {
  const mean = meanOfAdapters(members, layers);
  const { adapter, said } = reduced(mean, rank);
  const isMean = members.length > 1;
  const what = isMean ? `mean of ${members.length} members, ` : "";
  const folders = new Map<string, readonly [adapter: HostAdapter, said: string]>();
  folders.set("", [adapter, `${what}${said}${isMean && rank === undefined ? ", exact" : ""}`]);
  if (isMean) {
    if (rank !== undefined) folders.set("mean", [mean, `rank ${mean.layout.rank}, exact`]);
    members.forEach((member, k) =>
      folders.set(`member-${k + 1}`, [member, `rank ${member.layout.rank}`])
    );
  }
  await writeFolderDurably(out, async (folder) => {
    for (const [name, [{ layout, params }]] of folders) {
      const files = peftFiles(layout, params, { baseModel: model.peftName, layers, dtype });
      for (const [file, bytes] of files) {
        await writeFileDurably([folder, name, file].filter((part) => part !== "").join("/"), bytes);
      }
    }
  }, { manifest: false });
  return [...folders].map(([name, [, said]]) => `${name === "" ? out : `${out}/${name}`}: ${said}`);
}

/** The nearest adapter of a rank, and what is said of it. */
export function reduced(
  adapter: HostAdapter,
  rank: number | undefined,
): { readonly adapter: HostAdapter; readonly said: string } {
  if (rank === undefined) return { adapter, said: `rank ${adapter.layout.rank}` };
  const { layout, params, error } = truncateAdapter(adapter, rank);
  return {
    adapter: { layout, params },
    said: `rank ${rank} of ${adapter.layout.rank}, relative error of ΔW ${error.toPrecision(3)}`,
  };
}

/** A LoRA file of llama.cpp. */
export function ggufOf(
  config: ModelConfig,
  adapter: HostAdapter,
  dtype: "F32" | "F16",
): Uint8Array<ArrayBuffer> {
  const { scale, rank } = adapter.layout;
  return encodeLoraGguf({
    architecture: familyOf(config).gguf.architecture,
    alpha: scale * rank,
    factors: splitFactors(adapter),
    ...{ dtype, heads: config.heads, kvHeads: config.kvHeads },
  });
}
