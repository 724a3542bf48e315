// PEFT adapter folders on disk: written whole or not at all, read for a model and fingerprinted.
import {
  encodePeftAdapter,
  fromPeft,
  type HostAdapter,
  type LlamaConfig,
  parsePeftAdapter,
  type PeftAdapter,
} from "../core/mod.ts";
import { writeFileDurably, writeFolderDurably } from "../core/io/mod.ts";
import { sha256 } from "./digest.ts";

const WEIGHTS = "adapter_model.safetensors";

/** Writes `adapter_config.json` and `adapter_model.safetensors`, whole or not at all; returns the weights' bytes. */
export async function writeAdapterFolder(
  dir: string,
  peft: PeftAdapter,
): Promise<Uint8Array<ArrayBuffer>> {
  const files = encodePeftAdapter(peft);
  await writeFolderDurably(dir, async (folder) => {
    for (const [name, bytes] of files) await writeFileDurably(`${folder}/${name}`, bytes);
  }, { manifest: false, replace: true });
  return files.get(WEIGHTS)!;
}

/** An adapter on the host, with a fingerprint of its weights. */
export interface StoredAdapter extends HostAdapter {
  /** SHA-256 of adapter_model.safetensors. */
  readonly digest: string;
}

/**
 * Reads a PEFT folder for a model.
 *
 * @throws {TypeError} If a file is missing or malformed, or the adapter is another model's.
 */
export async function readAdapterFolder(dir: string, config: LlamaConfig): Promise<StoredAdapter> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const file of ["adapter_config.json", WEIGHTS]) {
    try {
      files.set(file, await Deno.readFile(`${dir}/${file}`));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const fitted = fromPeft(parsePeftAdapter(files, dir), config, dir);
  return { ...fitted, digest: await sha256(files.get(WEIGHTS)!) };
}
