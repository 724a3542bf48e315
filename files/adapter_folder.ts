// An adapter as a PEFT folder in one call: written from the device, read to it. Several members are the folder of their
// exact mean, with a folder for each below.
import { Arena, type Device, type Owned, type Tensor } from "../backend/mod.ts";
import { type Adapter, mergedLayout } from "../core/lora/adapter.ts";
import { exactMean } from "../core/lora/merge.ts";
import type { Model } from "../core/model/load.ts";
import { linearLayers } from "../core/model/shapes.ts";
import { writeFileDurably } from "./durable/file.ts";
import { writeFolderDurably } from "./durable/folder.ts";
import { loadPeftAdapter, peftFiles, type PeftFilesOptions } from "../core/formats/peft.ts";
import { readSmallFile, statIfThere } from "./small_file.ts";

/** How to save an adapter. */
export interface SaveAdapterOptions extends Pick<PeftFilesOptions, "rsLora" | "dtype"> {
  /** Hub id or path of the base model, by which `AutoPeftModel` finds it; default none. */
  readonly baseModel?: string;
  /** Take the place of a folder that is already there; default false: refuse. */
  readonly replace?: boolean;
}

/** An adapter on the device that was read from a folder. Disposing it frees its memory. */
export interface LoadedAdapter extends Adapter, Disposable {
  /** Name or path of the base model that the files name, "" where they name none. */
  readonly baseModel: string;
}

const FILES = ["adapter_config.json", "adapter_model.safetensors"];
const PICKLE = "adapter_model.bin";

/**
 * The files of a PEFT folder, for `loadPeftAdapter`: those that are there. A pickle is never read, and there only by name.
 *
 * @param dir The folder.
 * @throws {Mistake} If one of them cannot be read.
 */
export async function readPeftFiles(dir: string): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of FILES) {
    const bytes = await readSmallFile(`${dir}/${name}`);
    if (bytes) files.set(name, bytes);
  }
  if (await statIfThere(`${dir}/${PICKLE}`)) files.set(PICKLE, new Uint8Array(0));
  return files;
}

/**
 * Saves an adapter as PEFT does, whole or not at all. An adapter of several members is their exact mean in `dir` itself
 * (rank K·r) and each member in `dir/member-1` and so on.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { adapterLayout, initTrainState, keyOf, linearLayers, tinyModel } from "@leash/bpo/core";
 * import { loadAdapter, saveAdapter } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 4 });
 * using members = initTrainState(device, layout, 3, keyOf(2));
 * const dir = `${await Deno.makeTempDir()}/adapter`;
 * await saveAdapter(device, model, dir, { layout, params: members.borrow().params }, { baseModel: "org/name" });
 * using mean = await loadAdapter(device, model, dir);
 * using second = await loadAdapter(device, model, `${dir}/member-2`);
 * assertEquals([mean.layout.rank, second.layout.rank, mean.baseModel], [6, 2, "org/name"]);
 * ```
 *
 * @param device Where it is.
 * @param model The model that it is for.
 * @param dir The folder to make.
 * @param adapter [K, layout.size]; borrowed.
 * @param options `baseModel`, `rsLora`, `dtype`; `replace`: default false.
 * @throws {Mistake} If something is at `dir` and `replace` is false, or there are no modules.
 * @throws {Mistake} If a finite number would become infinite in F16 or BF16.
 */
export async function saveAdapter(
  device: Device,
  model: Model,
  dir: string,
  { layout, params }: Adapter,
  options: SaveAdapterOptions = {},
): Promise<void> {
  const { baseModel = "", replace = false, rsLora, dtype } = options;
  const members = params.shape[0];
  using arena = new Arena(device, "save adapter");
  const host = await arena.readAll({ params, mean: exactMean(arena, { layout, params }).params });
  const [all, mean] = [host.params, host.mean] as Float32Array<ArrayBuffer>[];
  const layers = linearLayers(model.config);
  const files = (own: typeof layout, values: Float32Array<ArrayBuffer>) =>
    peftFiles(own, values, { baseModel, layers, rsLora, dtype });
  const folders = new Map([["", files(mergedLayout(layout, members), mean)]]);
  for (let k = 0; members > 1 && k < members; k++) {
    const own = all.slice(k * layout.size, (k + 1) * layout.size);
    folders.set(`/member-${k + 1}`, files(layout, own));
  }
  await writeFolderDurably(dir, async (folder) => {
    for (const [below, parts] of folders) {
      for (const [name, bytes] of parts) await writeFileDurably(`${folder}${below}/${name}`, bytes);
    }
  }, { manifest: false, replace });
}

/**
 * Loads an adapter that PEFT or `saveAdapter` saved.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { Mistake, tinyModel } from "@leash/bpo/core";
 * import { loadAdapter } from "@leash/bpo/files";
 * import { assertRejects } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * await assertRejects(() => loadAdapter(device, model, "none"), Mistake, "adapter_config.json is missing");
 * ```
 *
 * @param device Where it goes.
 * @param model The model that it is for.
 * @param dir A folder with adapter_config.json and adapter_model.safetensors, such as `adapter/` of a run.
 * @returns The adapter; the caller disposes it.
 * @throws {Mistake} If a file is missing or malformed, or the adapter is another model's.
 */
export async function loadAdapter(
  device: Device,
  model: Model,
  dir: string,
): Promise<LoadedAdapter> {
  const layers = linearLayers(model.config);
  const { layout, params, baseModel } = loadPeftAdapter(await readPeftFiles(dir), layers, dir);
  using arena = new Arena(device, dir);
  const tensor = arena.upload([1, layout.size], params, dir);
  arena.commit();
  const owned: Owned<Tensor> = arena.keep(tensor);
  return {
    layout,
    baseModel,
    get params() {
      return owned.borrow();
    },
    [Symbol.dispose]: () => owned[Symbol.dispose](),
  };
}
