// What the kernels of attention take: the twins and the WGSL are typed by it.
import type { Param, Signature } from "../../kernel.ts";

/** How scores are made: `WINDOW` rows are seen, 0 for all; `SCALED` and `CAPPED` say that `scale` and `softcap` are given. */
const SCORING = [["scale", "f32"], ["softcap", "f32"]] as const satisfies readonly Param[];
const HEADS = ["H", "KV", "D", "WINDOW", "SCALED", "CAPPED"] as const;

/** The twins' blocks: so many queries at a time against so many keys, which are packed once for all heads that share them. */
const BLOCKS = { BLOCK: 32, CHUNK: 256 } as const;

/** Forward: q [R, H·D], k and v [R, KV·D], starts and lengths [S], out [R, H·D], lse [R, H]. */
export const FORWARD = {
  bindings: [
    { name: "q", access: "read" },
    { name: "k", access: "read" },
    { name: "v", access: "read" },
    { name: "starts", access: "read", type: "u32" },
    { name: "lengths", access: "read", type: "u32" },
    { name: "out", access: "read_write" },
    { name: "lse", access: "read_write" },
  ],
  params: [["sequences", "u32"], ["blocks", "u32", "webgpu"], ...SCORING],
  fixed: HEADS,
  constants: BLOCKS,
} as const satisfies Signature;

/** First of the backward pass: out and dout [R, H·D], lse [R, H], starts and lengths [S], stats [2·R·H + 2·S]. */
export const DELTA = {
  bindings: [
    { name: "out", access: "read" },
    { name: "dout", access: "read" },
    { name: "lse", access: "read" },
    { name: "starts", access: "read", type: "u32" },
    { name: "lengths", access: "read", type: "u32" },
    { name: "stats", access: "read_write" },
  ],
  params: [["rows", "u32"], ["sequences", "u32"]],
  fixed: ["H", "D"],
  constants: { TASK: 64 }, // rows of a task of the twin
} as const satisfies Signature;

/** Backward: q and dout [R, H·D], k and v [R, KV·D], stats, dq [R, H·D], dk and dv [R, KV·D]: WebGPU's eight buffers. */
export const BACKWARD = {
  bindings: [
    { name: "q", access: "read" },
    { name: "k", access: "read" },
    { name: "v", access: "read" },
    { name: "dout", access: "read" },
    { name: "stats", access: "read" },
    { name: "dq", access: "read_write" },
    { name: "dk", access: "read_write" },
    { name: "dv", access: "read_write" },
  ],
  params: [["rows", "u32"], ["sequences", "u32"], ["blocks", "u32", "webgpu"], ...SCORING],
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
