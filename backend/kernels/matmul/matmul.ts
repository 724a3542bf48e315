// Matmul: C_g = α·op(A_g)·op(B_g) [+ τ·U_g·op(T_g)] [+ D_g], g = 0…groups − 1. Axes: M rows, N columns, K summed, r rank.
// 2·groups·M·N·(K + r) flop. The tail U·T (a grouped LoRA term) runs at the end of the K loop of the same dispatch.
// Tall sums into small outputs (A transposed) are split over K and added in order by a second dispatch: deterministic.
import type { Arena } from "../../arena.ts";
import { defineKernel, type Kernel } from "../../kernel.ts";
import { grid } from "../../workgroup.ts";
import { sizeOf, type Tensor } from "../../tensor.ts";
import { matrix } from "../../checks.ts";
import { type BaseDType, wordsPerRow } from "../../quantise.ts";
import { FORMAT } from "./narrow.ts";
import { cpuTile, matmulPhases, reducePhases, splitsOf } from "./cpu.ts";
import { NARROW, PLAIN, REDUCE } from "./signature.ts";
import { matmulGrid, matmulWgsl, reduceWgsl } from "./wgsl.ts";

/** A row-major matrix for each group inside a tensor. Numbers are in elements. */
export interface Operand {
  /** The memory; borrowed. */
  readonly tensor: Tensor;
  /** Where group 0 starts. Default 0. */
  readonly offset?: number;
  /** From one group's start to the next's; 0 shares one matrix. Default: the size of a stored matrix. */
  readonly groupStride?: number;
  /** From one stored row to the next. Default: the length of a stored row. */
  readonly ld?: number;
}

/** What {@linkcode matmul} multiplies. */
export interface MatmulArgs {
  /** op(A) [M, K]; stored [K, M] with `transposeA`. */
  readonly a: Operand;
  /** op(B) [K, N]; stored [N, K] with `transposeB`. */
  readonly b: Operand;
  /** Rows of C. */
  readonly M: number;
  /** Columns of C. */
  readonly N: number;
  /** Terms of each sum. */
  readonly K: number;
  /** How many products. Default 1. */
  readonly groups?: number;
  /** A is stored [K, M]. */
  readonly transposeA?: boolean;
  /** B is stored [N, K]. */
  readonly transposeB?: boolean;
  /**
   * B is a narrow matrix, its tensor u32 [rows, words] (see `HostMatrix`), which all groups share: no offset, stride
   * or ld, and A not transposed.
   */
  readonly narrow?: {
    /** How it is stored. */
    readonly dtype: Exclude<BaseDType, "f32">;
    /** u32 [rows, ⌈cols/32⌉]; none for f16. */
    readonly scales?: Tensor;
  };
  /** Factor of A·B. Default 1. */
  readonly alpha?: number;
  /** A second, short product: `alpha`·U·op(T), u [M, rank], op(T) [rank, N], stored [N, rank] with `transposeT`. */
  readonly tail?: {
    /** U [M, rank]. */
    readonly u: Operand;
    /** op(T) [rank, N]; stored [N, rank] with `transposeT`. */
    readonly t: Operand;
    /** Terms of each sum. */
    readonly rank: number;
    /** Factor of U·T. */
    readonly alpha: number;
    /** T is stored [N, rank]. */
    readonly transposeT?: boolean;
  };
  /** D [M, N], added; with `ld` 0 one row [N] is added to every row. */
  readonly add?: Operand;
  /** Where C goes; shares memory with no input. Default: a new tensor [groups·M, N]. */
  readonly out?: Operand;
  /** Name of the new tensor. */
  readonly label?: string;
  /** WGSL variant. Default: "direct" on software adapters, "tiled" on GPUs. */
  readonly variant?: "tiled" | "direct";
}

/** Binds a, b, u, t, d and c; unused ones get `a` again. `c` may be partial products, `splitStride` apart. */
export const matmulKernel: Kernel = defineKernel({
  ...PLAIN,
  name: "matmul",
  wgsl: matmulWgsl,
  workgroups: matmulGrid,
  cpu: matmulPhases,
});

/** The same with B stored narrow: binds its scales too (`b` again where it has none). */
export const matmulNarrowKernel: Kernel = defineKernel({
  ...NARROW,
  name: "matmulNarrow",
  wgsl: matmulWgsl,
  workgroups: matmulGrid,
  cpu: matmulPhases,
});

/** Second stage of a split matmul: c = Σ_s part[s] (+ d); binds part [splits, groups, M, N], d, c. */
export const matmulReduceKernel: Kernel = defineKernel({
  ...REDUCE,
  name: "matmulReduce",
  wgsl: reduceWgsl,
  workgroups: (p) => grid(p.groups * p.M * p.N),
  cpu: reducePhases,
});

/**
 * General batched matrix product: C_g = α·op(A_g)·op(B_g) [+ tail] [+ D_g].
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, matmul, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "x");
 * const c = matmul(arena, { a: { tensor: x }, b: { tensor: x }, M: 2, N: 2, K: 2, transposeB: true });
 * assertEquals(await arena.read(c), new Float32Array([5, 11, 11, 25]));
 * ```
 *
 * @param args Operands, sizes and options; operands are borrowed and may share memory with each other.
 * @returns C: [groups·M, N] in `arena`, or `out.tensor`.
 * @throws {TypeError} If an operand reaches past its tensor, `out` shares memory with an input, or a narrow B does
 * not have the words that its type takes.
 * @throws {RangeError} If a size is not a positive whole number.
 */
export function matmul(arena: Arena, args: MatmulArgs): Tensor {
  const { M, N, K, groups = 1, transposeA = false, transposeB = false, alpha = 1, tail, add } =
    args;
  const rank = tail?.rank ?? 0;
  for (const [name, x] of Object.entries({ M, N, K, groups, ...(tail ? { rank } : {}) })) {
    if (!(Number.isInteger(x) && x > 0)) {
      throw new RangeError(`Cannot run matmul: ${name} is ${x}, expected a positive whole number`);
    }
  }
  const place = (name: string, operand: Operand | undefined, rows: number, cols: number) => {
    const { tensor, offset = 0, ld = cols, groupStride = rows * ld } = operand ?? args.a;
    const at = { [`${name}Offset`]: offset, [`${name}Stride`]: groupStride, [`ld${name}`]: ld };
    if (operand === undefined) return { tensor, at };
    const end = offset + (groups - 1) * groupStride + (rows - 1) * ld + cols;
    const steps = ld >= cols || (name === "d" && ld === 0);
    if (end > sizeOf(tensor.shape) || !steps || offset < 0 || groupStride < 0) {
      throw new TypeError(
        `Cannot run matmul: ${name} is [${tensor.shape}] at ${offset} with ld ${ld} and groupStride ${groupStride}, expected room for ${groups} × [${rows}, ${cols}]`,
      );
    }
    return { tensor, at };
  };
  const a = place("a", args.a, ...(transposeA ? [K, M] as const : [M, K] as const));
  const b = args.narrow === undefined
    ? place("b", args.b, ...(transposeB ? [N, K] as const : [K, N] as const))
    : placeNarrow(args);
  const u = place("u", tail?.u, M, rank);
  const t = place("t", tail?.t, ...(tail?.transposeT ? [N, rank] as const : [rank, N] as const));
  const d = place("d", add, M, N);
  for (const { tensor } of args.out === undefined ? [] : [a, b, u, t, d]) {
    if (tensor.storage.block === args.out?.tensor.storage.block) {
      throw new TypeError(
        `Cannot run matmul: out is the memory of its input "${tensor.storage.label}", expected other memory`,
      );
    }
  }
  const sizes = { M, N, K, groups, rank, transposeA };
  const splits = splitsOf(sizes), kLength = Math.ceil(K / splits), splitStride = groups * M * N;
  const fixed = {
    TA: Number(transposeA),
    TB: Number(transposeB),
    TT: Number(tail?.transposeT ?? false),
    TAIL: Number(tail !== undefined),
    RM: thread(M),
    RN: thread(N),
    DIRECT: Number(
      (args.variant ?? (arena.device.info.software ? "direct" : "tiled")) === "direct",
    ),
  };
  const tile = cpuTile(sizes);
  const out = args.out ?? { tensor: arena.alloc([groups * M, N], args.label ?? "matmul") };
  const c = place("c", out, M, N);
  const { narrow } = args;
  const run = (target: ReturnType<typeof place>, ADD: number, stride: number) =>
    arena.dispatch(narrow === undefined ? matmulKernel : matmulNarrowKernel, {
      bind: {
        a: a.tensor,
        b: b.tensor,
        ...(narrow && { scales: narrow.scales ?? b.tensor }),
        u: u.tensor,
        t: t.tensor,
        d: d.tensor,
        c: target.tensor,
      },
      params: {
        ...{ M, N, K, groups, rank, splits, kLength, splitStride: stride, ...tile },
        ...{ ...a.at, ...b.at, ...u.at, ...t.at, ...d.at, ...target.at },
        ...{ alpha, tailAlpha: tail?.alpha ?? 0 },
      },
      fixed: { ...fixed, ADD, ...(narrow && { FORMAT: FORMAT[narrow.dtype] }) },
    });
  const ADD = Number(add !== undefined);
  if (splits === 1) {
    run(c, ADD, 0);
    return out.tensor;
  }
  const partial = arena.alloc([splits * groups * M, N], `${args.label ?? "matmul"} parts`);
  run({ tensor: partial, at: { cOffset: 0, cStride: M * N, ldc: N } }, 0, splitStride);
  // Where rows follow each other without gaps, a group is one long row.
  const dense = c.at.ldc === N && (add === undefined || d.at.ldd === N);
  arena.dispatch(matmulReduceKernel, {
    bind: { part: partial, d: add === undefined ? partial : d.tensor, c: c.tensor },
    params: {
      ...(dense ? { M: 1, N: M * N } : { M, N }),
      ...{ groups, splits, splitStride, ...d.at, ...c.at },
    },
    fixed: { ADD },
  });
  arena.release(partial);
  return out.tensor;
}

/** B's place where it is stored narrow: it begins where its tensor does, and groups share it. */
function placeNarrow({ b, narrow, N, K, transposeA, transposeB }: MatmulArgs) {
  const { dtype, scales } = narrow!, { tensor } = b;
  const [rows, cols] = transposeB ? [N, K] : [K, N], words = wordsPerRow(dtype, cols);
  for (
    const [name, stored, width] of [["b", tensor, words.data], [
      "scales",
      scales,
      words.scales,
    ]] as const
  ) {
    const size = stored === undefined ? 0 : sizeOf(stored.shape);
    if (size === rows * width) continue;
    throw new TypeError(
      `Cannot run matmul: ${name} is [${
        stored?.shape ?? ""
      }], expected [${rows}, ${width}] words of ${dtype} for [${rows}, ${cols}]`,
    );
  }
  if (
    transposeA === true || b.offset !== undefined || b.ld !== undefined || (b.groupStride ?? 0) > 0
  ) {
    throw new TypeError(
      `Cannot run matmul: b is ${dtype}, expected f32 where A is transposed or B has an offset, ld or groupStride`,
    );
  }
  const at = { bOffset: 0, bStride: 0, ldb: words.data, ldScales: words.scales };
  return { tensor, at };
}

/** Sums a thread holds along an axis of this length. */
function thread(length: number): number {
  return length <= 16 ? 1 : length <= 32 ? 2 : 4;
}

/**
 * Rows times a weight as Hugging Face stores it: y = x·Wᵀ.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, linear, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "x");
 * const w = arena.upload([1, 2], new Float32Array([10, 1]), "w");
 * assertEquals(await arena.read(linear(arena, x, w)), new Float32Array([12, 34]));
 * ```
 *
 * @param x [R, in] f32; borrowed.
 * @param w [out, in] f32; borrowed.
 * @returns y [R, out] in `arena`.
 * @throws {TypeError} If the widths differ.
 */
export function linear(arena: Arena, x: Tensor, w: Tensor, label = "linear"): Tensor {
  const [M, K] = matrix("linear", "x", x);
  const [N] = matrix("linear", "w", w, undefined, K);
  return matmul(arena, { a: { tensor: x }, b: { tensor: w }, M, N, K, transposeB: true, label });
}
