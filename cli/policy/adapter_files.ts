// PEFT adapter folders on disk: written whole or not at all, read for a model and fingerprinted.
import { Arena, type Device } from "../../backend/mod.ts";
import {
  type Adapter,
  type HostAdapter,
  linearLayers,
  type LinearShape,
  loadPeftAdapter,
  type Model,
  parsePeftConfig,
  type PeftConfig,
  peftFiles,
} from "../../core/mod.ts";
import { writeFileDurably, writeFolderDurably } from "../../files/mod.ts";
import { readPeftFiles } from "../../files/adapter_folder.ts";
import { readSmallFile } from "../../files/small_file.ts";
import { sha256 } from "../../core/base/sha256.ts";
import { cannotRead } from "../../core/base/mistake.ts";

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";

/** Writes the files of `peftFiles`, whole or not at all; returns the weights' bytes. */
export async function writeAdapterFolder(
  dir: string,
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  await writeFolderDurably(dir, async (folder) => {
    for (const [name, bytes] of files) await writeFileDurably(`${folder}/${name}`, bytes);
  }, { manifest: false, replace: true });
  return files.get(WEIGHTS)!;
}

/** Writes an adapter that lies on a device as PEFT has it; returns the weights' bytes. */
export async function writeDeviceAdapter(
  device: Device,
  { config }: Pick<Model, "config">,
  { layout, params }: Adapter,
  dir: string,
  about: { readonly baseModel: string; readonly rsLora: boolean },
): Promise<Uint8Array<ArrayBuffer>> {
  using arena = new Arena(device, "read the adapter");
  const host = await arena.read(params) as Float32Array<ArrayBuffer>;
  const layers = linearLayers(config);
  return await writeAdapterFolder(dir, peftFiles(layout, host, { ...about, layers }));
}

/**
 * Reads what a PEFT folder says of its adapter.
 *
 * @throws {Mistake} If it is missing or malformed.
 */
export async function readAdapterConfig(folder: string): Promise<PeftConfig> {
  const path = `${folder}/${CONFIG}`;
  const bytes = await readSmallFile(path);
  if (bytes !== undefined) return parsePeftConfig(bytes, path);
  throw cannotRead(path, { found: "it is not there", expected: "what PEFT saves beside weights" });
}

/** An adapter on the host, with a fingerprint of its weights. */
export interface StoredAdapter extends HostAdapter {
  /** SHA-256 of adapter_model.safetensors. */
  readonly digest: string;
}

/**
 * Reads a PEFT folder for a model with these linear layers.
 *
 * @throws {Mistake} If a file is missing or malformed, or the adapter is another model's.
 */
export async function readAdapterFolder(
  dir: string,
  layers: readonly LinearShape[],
): Promise<StoredAdapter> {
  const files = await readPeftFiles(dir);
  const { layout, params } = loadPeftAdapter(files, layers, dir);
  return { layout, params, digest: await sha256(files.get(WEIGHTS)!) };
}
