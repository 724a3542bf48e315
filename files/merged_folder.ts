// A merged model as a folder that transformers loads: shards, config and tokenizer, there whole or not at all.
import type { HostAdapter } from "../core/lora/factors.ts";
import { writeFileDurably } from "./durable/file.ts";
import { writeFolderDurably } from "./durable/folder.ts";
import { writeAll } from "./durable/disk.ts";
import type { SafetensorsDType } from "../core/base/float_bytes.ts";
import { parseJsonObject } from "../core/base/json_object.ts";
import { quote } from "../core/base/quote.ts";
import { companionsOf, isCompanion } from "./model_companions.ts";
import {
  type MergedModel,
  mergeIntoModel,
  type MergeModelOptions,
  type MergeSource,
} from "../core/formats/sharded_model.ts";
import { readSmallFile } from "./small_file.ts";
import { Mistake } from "../core/base/mistake.ts";

/** How to write a merged model's folder. */
export interface WriteMergedOptions extends MergeModelOptions {
  /** The base model's folder: its config, tokenizer and chat template are copied. */
  readonly from?: string;
  /** Further files by name, in the place of those of `from`. */
  readonly extraFiles?: ReadonlyMap<string, Uint8Array>;
  /** Take the place of a folder that is already there; default false: refuse. */
  readonly replace?: boolean;
}

const TORCH_NAMES = { F32: "float32", F16: "float16", BF16: "bfloat16" };

/**
 * Merges adapters into a base model and writes a folder, streaming: memory holds one tensor. It is written under a
 * temporary name, fsynced and renamed.
 *
 * @example
 * ```ts
 * import { adapterLayout, sourceOfTensors } from "@leash/bpo/core";
 * import { openLocalFile, openSafetensors, writeMergedFolder } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const layout = adapterLayout([{ name: "up", inDim: 2, outDim: 1 }], { rank: 1, alpha: 1 });
 * const params = new Float32Array(layout.size).fill(1);
 * const base = new Map([["up.weight", { shape: [1, 2], data: Float32Array.of(1, 2) }]]);
 * const dir = await Deno.makeTempDir();
 * await writeMergedFolder(`${dir}/merged`, sourceOfTensors(base), [{ layout, params }]);
 * using merged = await openSafetensors(await openLocalFile(`${dir}/merged/model.safetensors`));
 * assertEquals(await merged.read("up.weight"), Float32Array.of(2, 3));
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @param dir The folder to make.
 * @param source The base model; borrowed.
 * @param members Adapters on the host; their mean is merged.
 * @param options As for `mergeIntoModel`, and `from`, `extraFiles`, `replace`.
 * @returns What was written.
 * @throws {Mistake} As `mergeIntoModel`; or if the folder is there and `replace` is false, or `config.json` is no
 * JSON object. Nothing is left then.
 */
export async function writeMergedFolder(
  dir: string,
  source: MergeSource,
  members: readonly HostAdapter[],
  options: WriteMergedOptions = {},
): Promise<MergedModel> {
  const files = await companions(options);
  let written: MergedModel | undefined;
  await writeFolderDurably(dir, async (folder) => {
    for (const [name, bytes] of files) await writeFileDurably(`${folder}/${name}`, bytes);
    using open = new DisposableStack(); // closes what an error leaves open
    const create = async (name: string) => {
      const file = open.use(await Deno.open(`${folder}/${name}`, { write: true, createNew: true }));
      return {
        write: (bytes: Uint8Array) => Promise.resolve(writeAll(file, bytes)),
        close: () => Promise.resolve(file.close()),
      };
    };
    written = await mergeIntoModel(source, members, { create }, options);
  }, { manifest: false, replace: options.replace });
  return written!;
}

async function companions(
  { from, extraFiles = new Map(), dtype }: WriteMergedOptions,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  if (from !== undefined) {
    for (const name of await companionsOf(from)) {
      const bytes = await readSmallFile(`${from}/${name}`);
      if (bytes) files.set(name, bytes);
    }
  }
  for (const [name, bytes] of extraFiles) {
    if (!/^[\w-][\w.-]*$/.test(name) && !isCompanion(name)) {
      throw new Mistake("file", {
        verb: "write",
        thing: quote(name),
        found: "it is a path",
        expected: "a file's bare name",
      });
    }
    files.set(name, bytes);
  }
  const config = files.get("config.json");
  if (config && dtype) files.set("config.json", withType(config, dtype, from));
  return files;
}

/** config.json with the type that the weights now have. */
function withType(bytes: Uint8Array, dtype: SafetensorsDType, from?: string): Uint8Array {
  const name = from === undefined ? "config.json" : `${from}/config.json`;
  const config = parseJsonObject(bytes, name, "the file");
  const field = "torch_dtype" in config ? "torch_dtype" : "dtype"; // transformers 4 and 5
  const text = JSON.stringify({ ...config, [field]: TORCH_NAMES[dtype] }, null, 2) + "\n";
  return new TextEncoder().encode(text);
}
