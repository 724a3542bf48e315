// What the kernels of attention take: the twins and the WGSL are typed by it.
import type { Binding, Param, Signature } from "../../kernel.ts";

/** How scores are made: `WINDOW` rows are seen, 0 for all; `SCALED` and `CAPPED` say that `scale` and `softcap` are given. */
const SCORING = [["scale", "f32"], ["softcap", "f32"]] as const satisfies readonly Param[];
const HEADS = ["H", "KV", "D", "WINDOW", "SCALED", "CAPPED"] as const;

/**
 * The twins' blocks: so many queries at a time against so many keys, which are packed once for all heads that share them. The
 * first SPARE bytes of scratch are the gemm's own.
 */
const BLOCKS = { BLOCK: 32, CHUNK: 256, SPARE: 2048 } as const;

/** The most scores that a twin keeps in its scratch, beside packed keys and values: of BLOCK rows, or of one key head's heads. */
export const MOST_SCORES = 1.5 * 2 ** 20;

/** Queries [R, H·D], keys and values [R, KV·D]. */
const QKV = [
  { name: "q", access: "read" },
  { name: "k", access: "read" },
  { name: "v", access: "read" },
] as const satisfies readonly Binding[];

/** First row and rows of each sequence [S]. */
const SEQUENCES = [
  { name: "starts", access: "read", type: "u32" },
  { name: "lengths", access: "read", type: "u32" },
] as const satisfies readonly Binding[];

/** Of packed rows: WebGPU's workgroups have `blocks` of each sequence. */
const PACKED = [
  ["sequences", "u32"],
  ["blocks", "u32", "webgpu"],
  ...SCORING,
] as const satisfies readonly Param[];

/** Forward: q, k, v, starts and lengths, out [R, H·D], lse [R, H]. */
export const FORWARD = {
  bindings: [
    ...QKV,
    ...SEQUENCES,
    { name: "out", access: "read_write" },
    { name: "lse", access: "read_write" },
  ],
  params: PACKED,
  fixed: HEADS,
  constants: BLOCKS,
} as const satisfies Signature;

/** First of the backward pass: out and dout [R, H·D], lse [R, H], starts and lengths, stats [2·R·H + 2·S]. */
export const DELTA = {
  bindings: [
    { name: "out", access: "read" },
    { name: "dout", access: "read" },
    { name: "lse", access: "read" },
    ...SEQUENCES,
    { name: "stats", access: "read_write" },
  ],
  params: [["rows", "u32"], ["sequences", "u32"]],
  fixed: ["H", "D"],
  constants: { TASK: 64 }, // rows of a task of the twin
} as const satisfies Signature;

/** Backward: q, k, v, dout [R, H·D], stats, dq [R, H·D], dk and dv [R, KV·D]: WebGPU's eight buffers. */
export const BACKWARD = {
  bindings: [
    ...QKV,
    { name: "dout", access: "read" },
    { name: "stats", access: "read" },
    { name: "dq", access: "read_write" },
    { name: "dk", access: "read_write" },
    { name: "dv", access: "read_write" },
  ],
  params: [["rows", "u32"], ...PACKED],
  fixed: HEADS,
  constants: BLOCKS,
} as const satisfies Signature;

/** One query a sequence: q [S, H·D], kCache and vCache [S, capacity, KV·D], lengths [S], out [S, H·D]. */
export const DECODE = {
  bindings: [
    { name: "q", access: "read" },
    { name: "kCache", access: "read" },
    { name: "vCache", access: "read" },
    { name: "lengths", access: "read", type: "u32" },
    { name: "out", access: "read_write" },
  ],
  params: [["sequences", "u32"], ["capacity", "u32"], ...SCORING],
  fixed: HEADS,
  constants: BLOCKS,
} as const satisfies Signature;
