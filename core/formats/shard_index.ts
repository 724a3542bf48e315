// model.safetensors.index.json: which shard holds which tensor. Files of the same folder only; a file name with a
// path in it is refused before anybody opens it.
import { parseJsonObject, refuseWrongDownload } from "../base/json_object.ts";
import { isObject, quote, show } from "../base/quote.ts";
import { cannotRead } from "../base/mistake.ts";

/** What an index lists. */
export interface ShardIndex {
  /** Tensor names by shard, both in the order of the index. */
  readonly shards: ReadonlyMap<string, readonly string[]>;
  /** `metadata.total_size`, where it is there. */
  readonly totalSize?: number;
}

/** Name of the index of a sharded checkpoint. */
export const SHARD_INDEX = "model.safetensors.index.json";

/**
 * Reads the index of a sharded checkpoint.
 *
 * @example
 * ```ts
 * import { Mistake, parseShardIndex } from "@leash/bpo/core";
 * import { assertThrows } from "@std/assert";
 * const index = new TextEncoder().encode('{"weight_map":{"w":"../secret.safetensors"}}');
 * assertThrows(() => parseShardIndex(index, "index.json"), Mistake, "a .safetensors file of this folder");
 * ```
 *
 * @param bytes The whole file.
 * @param name What to call it in errors.
 * @throws {Mistake} If it is not JSON, lists nothing, or names a file outside its folder.
 */
export function parseShardIndex(bytes: Uint8Array, name: string): ShardIndex {
  refuseWrongDownload(bytes, name, "a JSON object");
  const { weight_map: map, metadata } = parseJsonObject(bytes, name, "the file");
  if (!isObject(map)) {
    throw cannotRead(name, { found: `weight_map is ${show(map)}`, expected: "an object" });
  }
  const shards = new Map<string, string[]>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== "string" || !/^[\w-][\w.-]{0,199}\.safetensors$/.test(file)) {
      throw cannotRead(name, {
        found: `weight_map ${quote(tensor)} is ${show(file)}`,
        expected: "a .safetensors file of this folder",
      });
    }
    const names = shards.get(file);
    if (names) names.push(tensor);
    else shards.set(file, [tensor]);
  }
  if (shards.size === 0) {
    throw cannotRead(name, { found: "weight_map is {}", expected: "at least one tensor" });
  }
  const totalSize = isObject(metadata) ? metadata.total_size ?? undefined : undefined;
  if (totalSize !== undefined && !(typeof totalSize === "number" && totalSize >= 0)) {
    throw cannotRead(name, {
      found: `metadata.total_size is ${show(totalSize)}`,
      expected: "a number of bytes",
    });
  }
  return { shards, totalSize };
}
