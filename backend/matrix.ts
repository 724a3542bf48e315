// A matrix on a device: the weight of a linear layer, a head or an embedding, in one of four storage types, its rows
// in as many blocks as the device's binding limit asks for.
import type { Arena } from "./arena.ts";
import { type BaseDType, quantise, wordsPerRow } from "./quantise.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

/** Some rows of a matrix. A type, not an interface, so that it is a `TensorTree`. */
export type MatrixBlock = {
  /** How many. */
  readonly rows: number;
  /** f32 [rows, cols], or u32 [rows, words] as `HostMatrix` packs them. */
  readonly data: Tensor;
  /** u32 [rows, ⌈cols/32⌉], int8 and int4 only. */
  readonly scales?: Tensor;
};

/** A matrix in blocks of rows; it trains only as one block of f32. */
export type Matrix = {
  /** Rows and columns; [out, in] of a linear layer. */
  readonly shape: readonly [rows: number, cols: number];
  /** How its elements are stored. */
  readonly dtype: BaseDType;
  /** Its rows, in order. */
  readonly blocks: readonly MatrixBlock[];
};

/** The most bytes of a block, whatever the device allows: so much is staged at a time on its way there. */
const LARGEST_BLOCK = 2 ** 28;
/**
 * The most rows that one product sums over: the CPU device's scratch holds them, and lavapipe ends any loop after
 * 65,535 turns without a word.
 */
export const MOST_ROWS = 65280;

/**
 * An f32 tensor as a matrix of one block; all axes but the last are rows.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, matrixOf, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * assertEquals(matrixOf(arena.zeros([2, 3], "w")).shape, [2, 3]);
 * ```
 *
 * @param tensor [rows, cols] f32; borrowed.
 * @throws {TypeError} If it is not f32.
 */
export function matrixOf(tensor: Tensor): Matrix {
  if (tensor.dtype !== "f32") {
    throw new TypeError(
      `Cannot use "${tensor.storage.label}" as a matrix: it is ${tensor.dtype}, expected f32`,
    );
  }
  const cols = tensor.shape.at(-1) ?? 1, rows = sizeOf(tensor.shape) / cols;
  return { shape: [rows, cols], dtype: "f32", blocks: [{ rows, data: tensor }] };
}

/**
 * Whether it is a matrix rather than a tensor.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, isMatrix, matrixOf, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const w = arena.zeros([2, 3], "w");
 * assertEquals([isMatrix(w), isMatrix(matrixOf(w))], [false, true]);
 * ```
 */
export function isMatrix(weight: Tensor | Matrix): weight is Matrix {
  return "blocks" in weight;
}

/**
 * The matrix of a weight that may be a tensor.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, asMatrix, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const w = arena.zeros([2, 3], "w");
 * assertEquals(asMatrix(asMatrix(w)).blocks[0].data, w);
 * ```
 *
 * @throws {TypeError} If it is a tensor that is not f32.
 */
export function asMatrix(weight: Tensor | Matrix): Matrix {
  return isMatrix(weight) ? weight : matrixOf(weight);
}

/** How {@linkcode uploadMatrix} stores. */
export interface UploadMatrixOptions {
  /** Storage type. */
  readonly dtype: BaseDType;
  /** Name in error messages. */
  readonly label: string;
  /** Most bytes of a block. Default: the device's `maxBindingBytes`, and 256 MiB at most. */
  readonly maxBytes?: number;
}

/**
 * Round a matrix on the host and record its upload, in blocks that the device can bind. Between blocks it commits the
 * arena, so that never more than one is staged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, openDevice, uploadMatrix } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const w = new Float32Array(6 * 32).fill(0.5);
 * const one = uploadMatrix(arena, [6, 32], w, { dtype: "int8", label: "w", maxBytes: 80 });
 * assertEquals(one.blocks.map(({ rows }) => rows), [2, 2, 2]); // 32 bytes a row
 * using kept = arena.keep(one); // a matrix is a tree of tensors
 * arena.commit();
 * ```
 *
 * @param shape Rows and columns.
 * @param data [rows, cols] f32; borrowed.
 * @returns The matrix, in `arena`.
 * @throws {TypeError} If the data do not have rows × cols elements.
 * @throws {RangeError} If a row alone passes `maxBytes`, or `quantise` refuses a number.
 */
export function uploadMatrix(
  arena: Arena,
  shape: readonly [rows: number, cols: number],
  data: Float32Array<ArrayBuffer>,
  { dtype, label, maxBytes = Math.min(arena.device.info.maxBindingBytes, LARGEST_BLOCK) }:
    UploadMatrixOptions,
): Matrix {
  const [rows, cols] = shape, words = wordsPerRow(dtype, cols);
  const most = Math.min(MOST_ROWS, Math.floor(maxBytes / (4 * words.data)));
  if (most < 1) {
    throw new RangeError(
      `Cannot upload "${label}": a row has ${
        4 * words.data
      } bytes, expected at most ${maxBytes}, which one binding holds`,
    );
  }
  if (data.length !== rows * cols) {
    throw new TypeError(
      `Cannot upload "${label}": it has ${data.length} elements, expected ${
        rows * cols
      } for shape [${shape}]`,
    );
  }
  const even = Math.ceil(rows / Math.ceil(rows / most)); // blocks of one size, but for the last
  const blocks: MatrixBlock[] = [];
  for (let first = 0; first < rows; first += even) {
    const count = Math.min(even, rows - first);
    const part = data.subarray(first * cols, (first + count) * cols);
    const stored = quantise([count, cols], part, dtype, label);
    if (first > 0) arena.commit();
    const uploaded = arena.upload([count, words.data], stored.data, label);
    const { scales } = stored;
    blocks.push({
      rows: count,
      data: uploaded,
      ...(scales && { scales: arena.upload([count, words.scales], scales, `${label} scales`) }),
    });
  }
  return { shape, dtype, blocks };
}

/**
 * The tensors that hold a matrix.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, matrixTensors, openDevice, uploadMatrix } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const w = uploadMatrix(arena, [2, 64], new Float32Array(128), { dtype: "int4", label: "w" });
 * assertEquals(matrixTensors(w).map(({ shape }) => shape), [[2, 8], [2, 2]]);
 * ```
 */
export function matrixTensors({ blocks }: Matrix): Tensor[] {
  return blocks.flatMap(({ data, scales }) => scales === undefined ? [data] : [data, scales]);
}
