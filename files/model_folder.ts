// A Hugging Face Llama folder on disk or at a URL: read whole, written whole.
import { writeFileDurably } from "./durable/file.ts";
import { writeFolderDurably } from "./durable/folder.ts";
import {
  encodeModelFiles,
  type EncodeModelOptions,
  fetchModelFolder,
  type HostModel,
  readModelFiles,
} from "../core/formats/model_files.ts";
import { readSmallFile } from "./small_file.ts";

/** How to write a model folder to disk. */
export interface WriteModelOptions extends EncodeModelOptions {
  /** Take the place of a folder that is already there; default false: refuse. */
  readonly replace?: boolean;
}

/**
 * Reads a Llama model from a Hugging Face folder.
 *
 * @example
 * ```ts
 * import { Mistake } from "@leash/bpo/core";
 * import { readModelFolder } from "@leash/bpo/files";
 * import { assertRejects } from "@std/assert";
 * await assertRejects(() => readModelFolder("no-such-model"), Mistake, "config.json is missing");
 * ```
 *
 * @param folder A path, or a URL (`https:`, `file:`) as object or text.
 * @returns Config, tensors in f32, and the parsed tokenizer.json where there is one.
 * @throws {Mistake} If a file is missing or malformed, the model is not a supported Llama, or its tensors do
 * not fit its config; one line, with the file and the field.
 * @throws {Mistake} If a size in the config is out of range.
 */
export function readModelFolder(folder: string | URL): Promise<HostModel> {
  if (folder instanceof URL) return fetchModelFolder(folder);
  if (/^(https?|file):\/\//.test(folder)) return fetchModelFolder(new URL(folder));
  return readModelFiles((file) => readSmallFile(`${folder}/${file}`), folder);
}

/**
 * Writes a Llama model as a Hugging Face folder, whole or not at all.
 *
 * @example
 * ```ts
 * import { tensorShapes } from "@leash/bpo/core";
 * import { readModelFolder, writeModelFolder } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const config = {
 *   vocabSize: 4, hiddenSize: 2, intermediateSize: 3, layers: 1, heads: 1, kvHeads: 1,
 *   headDim: 2, ropeTheta: 10000, rmsEps: 1e-5, tied: true, maxPositions: 8,
 * };
 * const tensors = new Map([...tensorShapes(config)].map(([name, shape]) => {
 *   return [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5) }];
 * }));
 * const dir = await Deno.makeTempDir();
 * await writeModelFolder(`${dir}/tiny`, { config, tensors }, { dtype: "BF16" });
 * assertEquals(await readModelFolder(`${dir}/tiny`), { config, tensors });
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @param dir The folder to make.
 * @param model Config, tensors, and tokenizer.json where there is one; borrowed.
 * @param options `dtype` of the weights (default F32), `extraFiles`, `replace` (default false).
 * @throws {Mistake} If tensors do not fit the config, or the folder is there and `replace` is false.
 */
export async function writeModelFolder(
  dir: string,
  model: HostModel,
  options: WriteModelOptions = {},
): Promise<void> {
  const files = encodeModelFiles(model, options);
  await writeFolderDurably(dir, async (folder) => {
    for (const [name, bytes] of files) await writeFileDurably(`${folder}/${name}`, bytes);
  }, { manifest: false, replace: options.replace });
}
