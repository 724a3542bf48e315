// Tensors are plain data: a block of device memory, a shape and an element type. They own nothing.
import type { Storage } from "./memory.ts";

/**
 * Element type on the device. Numbers that train are f32; ids, offsets and counts are u32; f16 and bf16 are for storage,
 * two halves a word.
 */
export type DType = "f32" | "u32" | "f16" | "bf16";

/**
 * Bytes of one element.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bytesPerElement } from "@leash/bpo/backend";
 * assertEquals(bytesPerElement("bf16"), 2);
 * ```
 */
export function bytesPerElement(dtype: DType): number {
  return dtype === "f16" || dtype === "bf16" ? 2 : 4;
}

/** Sizes of a tensor's axes, row-major, in elements. */
export type Shape = readonly number[];

/** A block of device memory seen as a row-major array. Passing one lends it; ops never free their arguments. */
export interface Tensor {
  /** The memory that holds the elements. */
  readonly storage: Storage;
  /** Axis sizes, row-major. */
  readonly shape: Shape;
  /** Element type. */
  readonly dtype: DType;
}

/** Tensors in lists and records, nested to any depth; numbers and strings between them (a shape, a dtype) are passed over. */
export type TensorTree =
  | Tensor
  | number
  | string
  | undefined
  | readonly TensorTree[]
  | { readonly [key: string]: TensorTree };

/** Host data of a tensor, by its dtype; the bits of halves. */
export type HostArray =
  | Float32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>;

/**
 * Number of elements of a shape.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sizeOf } from "@leash/bpo/backend";
 * assertEquals(sizeOf([2, 3]), 6);
 * ```
 */
export function sizeOf(shape: Shape): number {
  let n = 1;
  for (const axis of shape) n *= axis;
  return n;
}

/**
 * Whether a tree node is a tensor rather than a list or record of them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, isTensor, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.alloc([2], "x");
 * assertEquals([isTensor(x), isTensor([x]), isTensor({ x })], [true, false, false]);
 * ```
 */
export function isTensor(node: TensorTree): node is Tensor {
  return typeof node === "object" && "storage" in node && "dtype" in node;
}

/**
 * All tensors of a tree, in order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, leaves, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const tree = { layers: [arena.alloc([2], "first"), arena.alloc([3], "second")] };
 * assertEquals(leaves(tree).map((tensor) => tensor.shape), [[2], [3]]);
 * ```
 */
export function leaves(tree: TensorTree): Tensor[] {
  if (isTensor(tree)) return [tree];
  if (typeof tree !== "object") return [];
  const children: TensorTree[] = Array.isArray(tree) ? [...tree] : Object.values(tree);
  return children.flatMap(leaves);
}

/**
 * The same tree with every tensor replaced by `f(tensor)`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, mapTree, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const tree = { w: arena.upload([2], new Float32Array([1, 2]), "w") };
 * const copy = mapTree(tree, (tensor) => arena.clone(tensor));
 * assertEquals([...(await arena.read(copy.w))], [1, 2]);
 * ```
 */
export function mapTree<T extends TensorTree>(tree: T, f: (tensor: Tensor) => Tensor): T {
  if (isTensor(tree)) return f(tree) as T;
  if (typeof tree !== "object") return tree;
  if (Array.isArray(tree)) return tree.map((child) => mapTree(child, f)) as unknown as T;
  return Object.fromEntries(
    Object.entries(tree).map(([key, child]) => [key, mapTree(child as TensorTree, f)]),
  ) as T;
}
