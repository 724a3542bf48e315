// A PEFT adapter: its folder, checked against a model where one is named, else against its own matrices.
import {
  linearLayers,
  type LinearShape,
  loadPeftAdapter,
  parsePeftConfig,
} from "../../core/mod.ts";
import { openLocalFile, openModel, openSafetensors } from "../../files/mod.ts";
import { readSmallFile } from "../../files/small_file.ts";
import { tensorCounts } from "./tensors.ts";
import type { Report } from "./report.ts";

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";

/**
 * Reads an adapter's folder.
 *
 * @param model Its base as a path; undefined checks the factors against each other only.
 * @throws {Mistake} If a file is missing or malformed, or the adapter is not this model's.
 */
export async function inspectAdapter(folder: string, model: string | undefined): Promise<Report> {
  const files = new Map<string, Uint8Array>();
  for (const name of [CONFIG, WEIGHTS, "adapter_model.bin"]) {
    const bytes = await readSmallFile(`${folder}/${name}`);
    if (bytes !== undefined) files.set(name, bytes);
  }
  if (files.has(CONFIG)) parsePeftConfig(files.get(CONFIG)!, `${folder}/${CONFIG}`);
  const layers = model !== undefined
    ? await layersOf(model)
    : files.has(WEIGHTS)
    ? await ownLayers(`${folder}/${WEIGHTS}`)
    : [];
  const { layout, baseModel } = loadPeftAdapter(files, layers, folder);
  const { rsLora } = parsePeftConfig(files.get(CONFIG)!, `${folder}/${CONFIG}`);
  using source = await openSafetensors(await openLocalFile(`${folder}/${WEIGHTS}`));
  const ends = new Set([...layout.modules.keys()].map((name) => name.split(".").at(-1)!));
  return {
    kind: "PEFT LoRA adapter",
    path: folder,
    baseModel: baseModel === "" ? null : baseModel,
    checkedAgainst: model ?? null,
    rank: layout.rank,
    scale: layout.scale,
    rankStabilised: rsLora,
    modules: layout.modules.size,
    targets: [...ends],
    weights: tensorCounts(source.tensors),
    deviceBytes: 4 * layout.size,
  };
}

async function layersOf(model: string): Promise<LinearShape[]> {
  using opened = await openModel(model);
  return linearLayers(opened.config);
}

/** The layers that the factors themselves imply: A [r, in] and B [out, r] of each module. */
async function ownLayers(path: string): Promise<LinearShape[]> {
  using source = await openSafetensors(await openLocalFile(path));
  const widths = new Map<string, { inDim?: number; outDim?: number }>();
  for (const [key, { shape }] of source.tensors) {
    const [, module, half] =
      /^base_model\.model\.(.+)\.lora_([AB])(?:\.default)?\.weight$/.exec(key) ?? [];
    if (module === undefined || shape.length !== 2) continue; // loadPeftAdapter says what it is
    const width = widths.get(module) ?? {};
    if (half === "A") width.inDim ??= shape[1];
    else width.outDim ??= shape[0];
    widths.set(module, width);
  }
  return [...widths].map(([name, { inDim = 1, outDim = 1 }]) => ({ name, inDim, outDim }));
}
