// A checkpoint written as transformers shards it, one tensor in memory at a time: shards of bounded size and the
// index that says where each tensor lies. With adapters, their ΔW is added on the way: the merged model.
import { addDelta } from "../lora/delta.ts";
import type { AdaptedModule } from "../lora/adapter.ts";
import type { HostAdapter } from "../lora/factors.ts";
import {
  FLOAT_BYTES,
  isFloatType,
  narrowFloats,
  type SafetensorsDType,
} from "../base/float_bytes.ts";
import { quote, show, showShape } from "../base/quote.ts";
import { elementBytes, encodeHeader, type HeaderTensor } from "./safetensors_header.ts";
import { SHARD_INDEX } from "./shard_index.ts";
import type { TensorSource } from "../base/tensor_source.ts";
import { Mistake } from "../base/mistake.ts";

/** A file that is being written from its start to its end. */
export interface ModelFileWriter {
  /** Appends bytes; they are not kept. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Ends the file. */
  close(): Promise<void>;
}

/** Where a model's files go: a folder, a zip, an upload. */
export interface ModelWriter {
  /** Starts a file of this name; one is open at a time. */
  create(fileName: string): Promise<ModelFileWriter>;
}

/** A source that may also give a tensor as it lies in its file, as `openSafetensors` does. */
export type MergeSource = TensorSource & {
  /** The bytes of a tensor in its file; with it, what is not adapted is copied bit for bit. */
  readBytes?(name: string): Promise<Uint8Array<ArrayBuffer>>;
};

/** How to write a merged model. */
export interface MergeModelOptions {
  /** Element type of all floats; default: each tensor's own. Rounds to nearest, ties to even. */
  readonly dtype?: SafetensorsDType;
  /** Tensor bytes a shard may hold, default 5e9; a larger tensor gets a shard of its own. */
  readonly maxShardBytes?: number;
  /** Called after each tensor with the tensors that are written and their number. */
  readonly progress?: (written: number, all: number) => void;
}

/** What was written. */
export interface MergedModel {
  /** File names: shards, then the index where there is more than one. */
  readonly files: readonly string[];
  /** Bytes of all tensors. */
  readonly bytes: number;
  /** Weights that an adapter changed. */
  readonly merged: readonly string[];
}

interface Planned extends HeaderTensor {
  /** The adapted module, if it is one. */
  readonly module?: string;
  /** Copy the bytes of the source. */
  readonly asItLies: boolean;
}

/**
 * Writes a checkpoint with adapters merged into it: each adapted weight becomes W + (1/K) Σ_k ΔW_k, everything else
 * stays as it is. Streams: memory holds one tensor.
 *
 * @example
 * ```ts
 * import { adapterLayout, mergeIntoModel, parseSafetensors, sourceOfTensors } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const layout = adapterLayout([{ name: "up", inDim: 2, outDim: 1 }], { rank: 1, alpha: 1 });
 * const params = new Float32Array(layout.size);
 * params.set([3, 4], 0); // A [1, 2]
 * params[64] = 1; // Bᵀ [1, 1]
 * const base = new Map([["up.weight", { shape: [1, 2], data: Float32Array.of(1, 1) }]]);
 * const parts: number[] = [];
 * const writer = {
 *   create: (_file: string) => Promise.resolve({
 *     write: (bytes: Uint8Array) => Promise.resolve(void parts.push(...bytes)),
 *     close: () => Promise.resolve(),
 *   }),
 * };
 * const { files } = await mergeIntoModel(sourceOfTensors(base), [{ layout, params }], writer);
 * assertEquals(files, ["model.safetensors"]);
 * const { tensors } = parseSafetensors(Uint8Array.from(parts), files[0]);
 * assertEquals(tensors.get("up.weight")!.data, Float32Array.of(4, 5));
 * ```
 *
 * @param source The base model; borrowed.
 * @param members Adapters on the host; their mean is merged. One adapter is a list of one, none copies the base.
 * @param writer Where the files go.
 * @param options `dtype`, `maxShardBytes`, `progress`.
 * @throws {Mistake} If a module's weight is not in the source or has another shape, or a tensor is of a type that
 * cannot be written; before anything is written.
 * @throws {Mistake} If `maxShardBytes` is not above 0, or a finite number would become infinite in the type asked.
 */
export async function mergeIntoModel(
  source: MergeSource,
  members: readonly HostAdapter[],
  writer: ModelWriter,
  options: MergeModelOptions = {},
): Promise<MergedModel> {
  const { maxShardBytes = 5e9, progress } = options;
  if (!(maxShardBytes > 0)) {
    throw new Mistake("file", {
      verb: "write",
      thing: "the model",
      found: `maxShardBytes is ${maxShardBytes}`,
      expected: "a number above 0",
    });
  }
  const modules = adaptedWeights(source, members);
  const planned = [...source.tensors.keys()].map((name) => {
    return plan(source, name, modules.get(name), options.dtype);
  });
  const shards = shardsOf(planned, maxShardBytes);
  const files: string[] = [];
  let written = 0;
  for (const [i, shard] of shards.entries()) {
    files.push(shardName(i, shards.length));
    const file = await writer.create(files[i]);
    await file.write(encodeHeader(shard, new Map([["format", "pt"]])));
    for (const tensor of shard) {
      await file.write(await bytesOf(source, tensor, members));
      progress?.(++written, planned.length);
    }
    await file.close();
  }
  const bytes = planned.reduce((sum, tensor) => sum + tensor.bytes, 0);
  if (shards.length > 1) {
    const file = await writer.create(SHARD_INDEX);
    await file.write(encodeIndex(shards, files, bytes));
    await file.close();
    files.push(SHARD_INDEX);
  }
  return { files, bytes, merged: [...modules.keys()] };
}

/** Names of the weights that the members adapt, with the modules; shapes are checked. */
function adaptedWeights(
  source: TensorSource,
  members: readonly HostAdapter[],
): Map<string, string> {
  const weights = new Map<string, string>();
  for (const { layout } of members) {
    for (const module of layout.modules.values()) {
      const name = weightOf(source, module.name);
      const { shape } = source.tensors.get(name)!;
      const wanted = wantedShape(module);
      if (shape.join() !== wanted.join()) {
        throw new Mistake("file", {
          verb: "merge",
          thing: `into ${source.name}`,
          found: `tensor ${quote(name)} shape is ${showShape(shape)}`,
          expected: `${showShape(wanted)} for the adapter`,
        });
      }
      weights.set(name, module.name);
    }
  }
  return weights;
}

/** The tensor of a module's weight. Some checkpoints, GPT-2's, leave out the first part of all names. */
function weightOf(source: TensorSource, module: string): string {
  const names = [module, module.slice(module.indexOf(".") + 1)].map((name) => `${name}.weight`);
  const found = names.find((name) => source.tensors.has(name));
  if (found !== undefined) return found;
  throw new Mistake("file", {
    verb: "merge",
    thing: `into ${source.name}`,
    found: `tensor ${quote(names[0])} is missing`,
    expected: "the base model of the adapter",
  });
}

function wantedShape({ inDim, outDim, transposed }: AdaptedModule): number[] {
  return transposed ? [inDim, outDim] : [outDim, inDim];
}

function plan(
  source: MergeSource,
  name: string,
  module: string | undefined,
  asked: SafetensorsDType | undefined,
): Planned {
  const { shape, dtype: own } = source.tensors.get(name)!;
  const elements = shape.reduce((product, extent) => product * extent, 1);
  const whole = elementBytes(own); // undefined: not a type of safetensors, so GGUF's
  const dtype = isFloatType(own) || whole === undefined ? asked ?? own : own;
  const asItLies = source.readBytes !== undefined && module === undefined && dtype === own;
  if (isFloatType(dtype)) {
    return { name, dtype, shape, bytes: elements * FLOAT_BYTES[dtype], module, asItLies };
  }
  if (asItLies && whole !== undefined) {
    return { name, dtype, shape, bytes: elements * whole, asItLies };
  }
  throw new Mistake("file", {
    verb: "write",
    thing: `tensor ${quote(name)}`,
    found: `its type in ${source.name} is ${show(own)}`,
    expected: `F32, F16 or BF16${whole === undefined ? ". Ask for one of them as dtype" : ""}`,
  });
}

/** Fills shards in the order of the source; in a shard wide types come first, so that all are aligned. */
function shardsOf(planned: readonly Planned[], maxBytes: number): Planned[][] {
  const shards: Planned[][] = [[]];
  let used = 0;
  for (const tensor of planned) {
    if (used > 0 && used + tensor.bytes > maxBytes) {
      shards.push([]);
      used = 0;
    }
    shards[shards.length - 1].push(tensor);
    used += tensor.bytes;
  }
  return shards.map((shard) => {
    return shard.sort((a, b) => elementBytes(b.dtype)! - elementBytes(a.dtype)!);
  });
}

function shardName(i: number, count: number): string {
  if (count === 1) return "model.safetensors";
  const digits = (n: number) => String(n).padStart(5, "0");
  return `model-${digits(i + 1)}-of-${digits(count)}.safetensors`;
}

async function bytesOf(
  source: MergeSource,
  { name, dtype, module, asItLies }: Planned,
  members: readonly HostAdapter[],
): Promise<Uint8Array<ArrayBuffer>> {
  if (asItLies) return await source.readBytes!(name);
  const data = await source.read(name);
  if (module !== undefined) addDelta(data, members, module);
  return narrowFloats(name, data, dtype as SafetensorsDType);
}

function encodeIndex(
  shards: readonly (readonly Planned[])[],
  files: readonly string[],
  bytes: number,
): Uint8Array<ArrayBuffer> {
  const map = shards.flatMap((shard, i) => shard.map(({ name }) => [name, files[i]] as const));
  const index = {
    metadata: { total_size: bytes },
    weight_map: Object.fromEntries(map.toSorted(([a], [b]) => a < b ? -1 : 1)),
  };
  return new TextEncoder().encode(JSON.stringify(index, null, 2) + "\n");
}
