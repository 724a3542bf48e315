// What the kernels of the matmul take: the twins and the WGSL are typed by it.
import type { Param, Signature } from "../../kernel.ts";
import { FORMATS } from "./narrow.ts";

/** Sizes that both devices want: `kLength` terms in each of `splits` sums, their results `splitStride` apart. */
const SIZES = [
  ["M", "u32"],
  ["N", "u32"],
  ["groups", "u32"],
  ["splits", "u32"],
  ["splitStride", "u32"],
] as const satisfies readonly Param[];

/** Where D and C lie, in elements: group 0's start, from group to group, from row to row. */
const RESULT = [
  ["dOffset", "u32"],
  ["dStride", "u32"],
  ["ldd", "u32"],
  ["cOffset", "u32"],
  ["cStride", "u32"],
  ["ldc", "u32"],
] as const satisfies readonly Param[];

const PARAMS = [
  ...SIZES,
  ["K", "u32"],
  ["rank", "u32"],
  ["kLength", "u32"],
  ["cpuRows", "u32", "cpu"], // the tile of C that a task of the twin computes
  ["cpuCols", "u32", "cpu"],
  ["aOffset", "u32"],
  ["aStride", "u32"],
  ["lda", "u32"],
  ["bOffset", "u32"],
  ["bStride", "u32"],
  ["ldb", "u32"],
  ["uOffset", "u32"],
  ["uStride", "u32"],
  ["ldu", "u32"],
  ["tOffset", "u32"],
  ["tStride", "u32"],
  ["ldt", "u32"],
  ...RESULT,
  ["alpha", "f32"],
  ["tailAlpha", "f32"],
] as const satisfies readonly Param[];

const FIXED = ["TA", "TB", "TT", "TAIL", "ADD", "RM", "RN", "DIRECT"] as const;

/**
 * The storage types, and how the twin goes. Where A is stored [K, M], about DEPTH rows of A and B are packed at a time, at
 * most K_BLOCK, with STRIPE columns of A, or all of a B of up to THIN. A narrow B is widened eight rows of WIDE at a time.
 * The first SPARE bytes of scratch are the gemm's own.
 */
const CONSTANTS = {
  ...FORMATS,
  ...{ K_BLOCK: 384, DEPTH: 248, STRIPE: 64, THIN: 32 },
  ...{ WIDE: 256, SPARE: 8192 },
} as const;

/** B is f32. */
export const PLAIN = {
  bindings: [
    { name: "a", access: "read" },
    { name: "b", access: "read" },
    { name: "u", access: "read" },
    { name: "t", access: "read" },
    { name: "d", access: "read" },
    { name: "c", access: "read_write" },
  ],
  params: PARAMS,
  fixed: FIXED,
  constants: { ...CONSTANTS, FORMAT: FORMATS.F32 },
} as const satisfies Signature;

/** B is words of a narrow FORMAT, with scales. */
export const NARROW = {
  bindings: [
    { name: "a", access: "read" },
    { name: "b", access: "read", type: "u32" },
    { name: "scales", access: "read", type: "u32" },
    { name: "u", access: "read" },
    { name: "t", access: "read" },
    { name: "d", access: "read" },
    { name: "c", access: "read_write" },
  ],
  params: [...PARAMS, ["ldScales", "u32"]],
  fixed: [...FIXED, "FORMAT"],
  constants: CONSTANTS,
} as const satisfies Signature;

/** The sum of a product's parts. */
export const REDUCE = {
  bindings: [
    { name: "part", access: "read" },
    { name: "d", access: "read" },
    { name: "c", access: "read_write" },
  ],
  params: [...SIZES, ...RESULT],
  fixed: ["ADD"],
  constants: { CHUNK: 4096 }, // elements of a row of C in a task of the twin
} as const satisfies Signature;
