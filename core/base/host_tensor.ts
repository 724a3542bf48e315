// A tensor on the host: a shape and its f32 numbers, row-major. Plain data, owned by whoever holds it.

/** A host tensor: `data.length` is the product of `shape`, row-major, f32. */
export interface HostTensor {
  /** Extent of each axis; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** The elements, row-major. */
  readonly data: Float32Array<ArrayBuffer>;
}

/** Host tensors by name, e.g. `model.norm.weight`. */
export type HostTensors = Map<string, HostTensor>;
