// A checkpoint in safetensors, whole or in shards, as a source of tensors: headers are read and checked at once,
// numbers one tensor at a time, so that memory never holds the model.
import { isFloatType, refuseNonFinite, widenFloats } from "../base/float_bytes.ts";
import { quote } from "../base/quote.ts";
import type { RandomAccessFile } from "../base/random_access.ts";
import {
  HEADER_START,
  type HeaderEntry,
  headerLength,
  parseHeader,
  unreadType,
} from "./safetensors_header.ts";
import { parseShardIndex, type ShardIndex } from "./shard_index.ts";
import type { TensorSource } from "../base/tensor_source.ts";
import { cannotRead, type Mistake } from "../base/mistake.ts";

const MOST_INDEX_BYTES = 64 * 2 ** 20;

/** Tensors of safetensors files, also as the bytes that lie there. */
export interface SafetensorsSource extends TensorSource {
  /** Bytes of all its tensors in the files. */
  readonly bytes: number;
  /** One tensor as it lies in its file, of any type, unchecked; a fresh copy. */
  readBytes(name: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** How to read a checkpoint's numbers. */
export interface OpenSafetensorsOptions {
  /** Let NaN and infinities through; by default a tensor that has one is refused when it is read. */
  readonly allowNonFinite?: boolean;
}

/**
 * Opens a safetensors file to read its tensors one at a time. Tensors of types other than F32, F16 and BF16 are
 * listed, and refused only when they are read.
 *
 * @example
 * ```ts
 * import { encodeSafetensors, fileOfBytes, openSafetensors } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const w = { shape: [2], data: Float32Array.of(1, -2) };
 * const bytes = encodeSafetensors(new Map([["w", w]]), { dtype: "BF16" });
 * using source = await openSafetensors(fileOfBytes(bytes, "model.safetensors"));
 * assertEquals(source.tensors.get("w"), { shape: [2], dtype: "BF16" });
 * assertEquals(await source.read("w"), w.data);
 * ```
 *
 * @param file Owned from here on: disposing the source closes it, and so does an error here.
 * @param options `allowNonFinite`: default false.
 * @throws {Mistake} If the file is cut, is not safetensors, or breaks a rule of the format. `read` rejects with one
 * if there is no such tensor, its type is not read, or a number is NaN or infinite.
 */
export async function openSafetensors(
  file: RandomAccessFile,
  options: OpenSafetensorsOptions = {},
): Promise<SafetensorsSource> {
  try {
    const start = await file.read(0, Math.min(HEADER_START, file.size));
    const length = headerLength(start, file.size, file.name);
    const dataStart = 8 + length;
    const header = await file.read(8, length);
    const { entries } = parseHeader(header, file.name, file.size - dataStart);
    return sourceOf(file, dataStart, entries, options);
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/**
 * Opens the shards that an index lists as one source. Each shard must hold the tensors that the index says and no
 * others, and all of them at most `metadata.total_size` bytes. (Less is common: a converter drops a tied head or
 * narrows the type and keeps the old total.)
 *
 * @example
 * ```ts
 * import { encodeSafetensors, fileOfBytes, openShardedSafetensors } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const shard = (name: string, x: number) =>
 *   encodeSafetensors(new Map([[name, { shape: [1], data: Float32Array.of(x) }]]));
 * const files = new Map([["1.safetensors", shard("a", 3)], ["2.safetensors", shard("b", 4)]]);
 * const index = '{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}';
 * using source = await openShardedSafetensors(
 *   fileOfBytes(new TextEncoder().encode(index), "model.safetensors.index.json"),
 *   (file) => Promise.resolve(fileOfBytes(files.get(file)!, file)),
 * );
 * assertEquals(await source.read("b"), Float32Array.of(4));
 * ```
 *
 * @param index `model.safetensors.index.json`; read whole and closed.
 * @param open Opens a shard by its bare file name, never a path; its own error passes through.
 * @param options As for `openSafetensors`.
 * @throws {Mistake} If the index is malformed or names a file outside its folder, a shard is malformed, or the two
 * disagree. Nothing stays open then.
 * @throws {Mistake} If the index is over 64 MiB.
 */
export async function openShardedSafetensors(
  index: RandomAccessFile,
  open: (fileName: string) => Promise<RandomAccessFile>,
  options: OpenSafetensorsOptions = {},
): Promise<SafetensorsSource> {
  const { name } = index;
  let listed: ShardIndex;
  try {
    if (index.size > MOST_INDEX_BYTES) {
      throw cannotRead(name, {
        found: `it is ${index.size} bytes long`,
        expected: `at most ${MOST_INDEX_BYTES}`,
        fix: "Is it another file under this name?",
      });
    }
    listed = parseShardIndex(await index.read(0, index.size), name);
  } finally {
    index[Symbol.dispose]();
  }
  const shards: SafetensorsSource[] = [];
  const close = (): void => {
    for (const shard of shards) shard[Symbol.dispose]();
  };
  const tensors = new Map<string, { shape: readonly number[]; dtype: string }>();
  const homes = new Map<string, SafetensorsSource>();
  let total = 0;
  try {
    for (const [fileName, names] of listed.shards) {
      const shard = await openSafetensors(await open(fileName), options);
      shards.push(shard);
      checkShard(shard, names, name);
      total += shard.bytes;
      for (const [tensor, info] of shard.tensors) {
        tensors.set(tensor, info);
        homes.set(tensor, shard);
      }
    }
    const { totalSize = total } = listed;
    if (total > totalSize) {
      throw cannotRead(name, {
        found: `metadata.total_size is ${totalSize}`,
        expected: `at least the ${total} bytes of the tensors`,
        fix: "It is another model's index",
      });
    }
  } catch (error) {
    close();
    throw error;
  }
  const home = (tensor: string): SafetensorsSource => {
    const shard = homes.get(tensor);
    if (!shard) throw missing(name, tensor);
    return shard;
  };
  return {
    name,
    tensors,
    bytes: total,
    read: async (tensor) => await home(tensor).read(tensor),
    readBytes: async (tensor) => await home(tensor).readBytes(tensor),
    [Symbol.dispose]: close,
  };
}

function sourceOf(
  file: RandomAccessFile,
  dataStart: number,
  list: readonly HeaderEntry[],
  { allowNonFinite = false }: OpenSafetensorsOptions,
): SafetensorsSource {
  const entries = new Map(list.map((entry) => [entry.name, entry]));
  const find = (tensor: string): HeaderEntry => {
    const entry = entries.get(tensor);
    if (!entry) throw missing(file.name, tensor);
    return entry;
  };
  const bytesOf = ({ begin, end }: HeaderEntry) => file.read(dataStart + begin, end - begin);
  return {
    name: file.name,
    bytes: file.size - dataStart,
    tensors: new Map(list.map(({ name, shape, dtype }) => [name, { shape, dtype }])),
    async read(tensor: string): Promise<Float32Array<ArrayBuffer>> {
      const entry = find(tensor);
      const { dtype } = entry;
      if (!isFloatType(dtype)) throw unreadType(file.name, entry);
      const data = widenFloats(await bytesOf(entry), dtype);
      if (!allowNonFinite) refuseNonFinite(file.name, tensor, entry.shape, data);
      return data;
    },
    readBytes: async (tensor) => await bytesOf(find(tensor)),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

function checkShard(shard: SafetensorsSource, names: readonly string[], index: string): void {
  const listed = new Set(names);
  for (const tensor of names) {
    if (!shard.tensors.has(tensor)) {
      throw cannotRead(shard.name, {
        found: `tensor ${quote(tensor)} is missing`,
        expected: `it there, as ${index} says`,
      });
    }
  }
  for (const tensor of shard.tensors.keys()) {
    if (!listed.has(tensor)) {
      throw cannotRead(shard.name, {
        found: `tensor ${quote(tensor)} is there`,
        expected: `only what ${index} lists for the file`,
      });
    }
  }
}

function missing(file: string, tensor: string): Mistake {
  return cannotRead(file, { found: `tensor ${quote(tensor)} is missing`, expected: "it there" });
}
