// Tensors of a checkpoint, read one at a time by their Hugging Face names, whatever file they lie in.
import type { HostTensors } from "./host_tensor.ts";
import { cannotRead } from "./mistake.ts";

/** A tensor as it lies in its file. */
export interface TensorInfo {
  /** Extent of each axis, row-major, in Hugging Face's order: [out, in]. */
  readonly shape: readonly number[];
  /** Its type in the file: F32, F16, BF16, or a GGUF type as Q4_K. */
  readonly dtype: string;
}

/** Where a model's tensors come from: a safetensors file, shards of them, a GGUF file, memory. */
export interface TensorSource {
  /** What to call it in errors. */
  readonly name: string;
  /** What is in it, by Hugging Face name. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** One tensor widened to f32, row-major; a fresh copy. */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** Closes the files. */
  [Symbol.dispose](): void;
}

/**
 * Host tensors as a source.
 *
 * @example
 * ```ts
 * import { sourceOfTensors } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using source = sourceOfTensors(new Map([["w", { shape: [2], data: Float32Array.of(1, 2) }]]));
 * assertEquals(await source.read("w"), Float32Array.of(1, 2));
 * ```
 *
 * @param tensors Borrowed; `read` copies.
 * @param name What to call them in errors; default "the tensors".
 */
export function sourceOfTensors(tensors: HostTensors, name = "the tensors"): TensorSource {
  return {
    name,
    tensors: new Map([...tensors].map(([key, { shape }]) => [key, { shape, dtype: "F32" }])),
    read(key: string): Promise<Float32Array<ArrayBuffer>> {
      const tensor = tensors.get(key);
      if (tensor) return Promise.resolve(tensor.data.slice());
      return Promise.reject(
        cannotRead(name, { found: `tensor "${key}" is missing`, expected: "it there" }),
      );
    },
    [Symbol.dispose](): void {},
  };
}
