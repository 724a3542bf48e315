// Products with a matrix in blocks, of any storage type: rows·Wᵀ fills columns of the output block after block,
// rows·W sums over the blocks in order. One dispatch a block; one block of f32 is `matmul` itself.
import type { Arena } from "../../arena.ts";
import { type Matrix, type MatrixBlock, MOST_ROWS } from "../../matrix.ts";
import type { Tensor } from "../../tensor.ts";
import { matmul, type MatmulArgs, type Operand } from "./matmul.ts";

/** What {@linkcode matmulRows} and {@linkcode matmulColumns} multiply: `matmul`'s arguments, with a matrix for B. */
export interface MatrixMatmulArgs
  extends Pick<MatmulArgs, "a" | "M" | "groups" | "tail" | "add" | "out" | "label" | "variant"> {
  /** [rows, cols], shared by all groups; borrowed. */
  readonly w: Matrix;
}

/** A block as matmul's B. */
function stored(
  dtype: Matrix["dtype"],
  { data, scales }: MatrixBlock,
): Pick<MatmulArgs, "b" | "narrow"> {
  const b = { tensor: data, groupStride: 0 };
  return dtype === "f32" ? { b } : { b, narrow: { dtype, scales } };
}

/** The columns of an operand [M, width] from `first` on. */
function columnsFrom(operand: Operand, first: number, M: number, width: number): Operand {
  const { tensor, offset = 0, ld = width, groupStride = M * ld } = operand;
  return { tensor, offset: offset + first, ld, groupStride };
}

/**
 * Rows times a matrix as Hugging Face stores a linear layer: C_g = A_g·Wᵀ [+ tail] [+ D_g].
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, matmulRows, openDevice, uploadMatrix } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([1, 2], new Float32Array([10, 1]), "x");
 * const w = uploadMatrix(arena, [2, 2], new Float32Array([1, 2, 3, 4]), { dtype: "f16", label: "w" });
 * assertEquals(await arena.read(matmulRows(arena, { a: { tensor: x }, w, M: 1 })), new Float32Array([12, 34]));
 * ```
 *
 * @param args A [groups·M, cols of W]; the rest as for `matmul`, with N the rows of W.
 * @returns C [groups·M, rows of W] in `arena`, or `out.tensor`.
 * @throws {TypeError} As `matmul` does.
 */
export function matmulRows(arena: Arena, { w, ...args }: MatrixMatmulArgs): Tensor {
  const [N, K] = w.shape, { M, groups = 1, add, tail } = args;
  const each = { ...args, K, transposeB: true };
  if (w.blocks.length === 1) return matmul(arena, { ...each, ...stored(w.dtype, w.blocks[0]), N });
  const out = args.out ?? { tensor: arena.alloc([groups * M, N], args.label ?? "matmul") };
  let first = 0;
  for (const block of w.blocks) {
    const from = (operand: Operand) => columnsFrom(operand, first, M, N);
    matmul(arena, {
      ...each,
      ...stored(w.dtype, block),
      N: block.rows,
      out: from(out),
      add: add && from(add),
      tail: tail && { ...tail, t: tailFrom(tail, first, N) },
    });
    first += block.rows;
  }
  return out.tensor;
}

/** T's columns from `first` on, op(T) [rank, N]. */
function tailFrom(
  { t, rank, transposeT = false }: NonNullable<MatmulArgs["tail"]>,
  first: number,
  N: number,
): Operand {
  if (!transposeT) return columnsFrom(t, first, rank, N);
  const { tensor, offset = 0, ld = rank, groupStride = N * ld } = t;
  return { tensor, offset: offset + first * ld, ld, groupStride };
}

/**
 * Rows times a matrix: C_g = A_g·W [+ tail] [+ D_g], a linear layer's gradient in its input.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, matmulColumns, openDevice, uploadMatrix } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const dy = arena.upload([1, 2], new Float32Array([10, 1]), "dy");
 * const w = uploadMatrix(arena, [2, 2], new Float32Array([1, 2, 3, 4]), { dtype: "f16", label: "w" });
 * assertEquals(await arena.read(matmulColumns(arena, { a: { tensor: dy }, w, M: 1 })), new Float32Array([13, 24]));
 * ```
 *
 * @param args A [groups·M, rows of W]; the rest as for `matmul`, with N the columns of W.
 * @returns C [groups·M, cols of W] in `arena`, or `out.tensor`.
 * @throws {TypeError} As `matmul` does.
 */
export function matmulColumns(arena: Arena, { w, ...args }: MatrixMatmulArgs): Tensor {
  const [rows, N] = w.shape, { M, a } = args;
  const parts = w.blocks.flatMap((block) => {
    const count = w.dtype === "f32" ? Math.ceil(block.rows / MOST_ROWS) : 1; // narrow blocks are no longer
    return Array.from({ length: count }, (_, i) => {
      const from = i * MOST_ROWS;
      return {
        block,
        offset: from * N,
        rows: Math.min(block.rows, count === 1 ? Infinity : from + MOST_ROWS) - from,
      };
    });
  });
  if (parts.length === 1) {
    return matmul(arena, { ...args, ...stored(w.dtype, w.blocks[0]), N, K: rows });
  }
  let first = 0, sum: Tensor | undefined;
  parts.forEach(({ block, offset, rows: K }, i) => {
    const before = sum, last = i === parts.length - 1;
    const { b, narrow } = stored(w.dtype, block);
    sum = matmul(arena, {
      ...args,
      b: offset === 0 ? b : { ...b, offset },
      narrow,
      a: columnsFrom(a, first, M, rows),
      N,
      K,
      tail: before === undefined ? args.tail : undefined,
      add: before === undefined ? args.add : { tensor: before },
      out: last ? args.out : undefined,
    });
    if (before !== undefined) arena.release(before);
    first += K;
  });
  return sum!;
}
