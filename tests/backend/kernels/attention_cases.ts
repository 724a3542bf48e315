// The sizes that every attention test runs at, and how far f32 may be off.
import type { Tolerance } from "../../support/close.ts";
import { uniform } from "../../support/random.ts";

/** Lengths of packed sequences and the sizes of the heads. */
export interface AttentionCase {
  readonly lengths: readonly number[];
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly scale?: number;
  readonly softcap?: number;
  readonly window?: number;
}

/** Around 64 (a workgroup) and 32 and 256 (the CPU twin's blocks); heads of every tile height and remainder. */
export const cases: readonly AttentionCase[] = [
  { lengths: [1], heads: 1, kvHeads: 1, headDim: 1 },
  { lengths: [63, 64, 65], heads: 2, kvHeads: 2, headDim: 16 },
  { lengths: [1, 5, 60, 33, 32, 31], heads: 8, kvHeads: 4, headDim: 16 },
  { lengths: [257, 300], heads: 2, kvHeads: 1, headDim: 8 },
  { lengths: [129, 3], heads: 3, kvHeads: 3, headDim: 5 },
  { lengths: [70, 9], heads: 6, kvHeads: 2, headDim: 20 },
  { lengths: [41, 17], heads: 2, kvHeads: 1, headDim: 128 },
  // Phi-3's and Gemma's heads, and one that four threads do not share evenly; then one score at a time, all together, and windows of 1, a workgroup ± 1 and a chunk + 1.
  { lengths: [33, 5], heads: 2, kvHeads: 2, headDim: 96 },
  { lengths: [19, 66], heads: 2, kvHeads: 1, headDim: 256 },
  { lengths: [7, 70], heads: 4, kvHeads: 2, headDim: 130, window: 9, scale: 0.07, softcap: 3 },
  { lengths: [65, 7], heads: 4, kvHeads: 2, headDim: 16, scale: 0.11 },
  { lengths: [65, 7], heads: 4, kvHeads: 2, headDim: 16, softcap: 1.5 },
  { lengths: [70, 1, 3], heads: 4, kvHeads: 2, headDim: 16, window: 1 },
  { lengths: [63, 130, 200], heads: 2, kvHeads: 1, headDim: 8, window: 63 },
  { lengths: [300, 65], heads: 2, kvHeads: 2, headDim: 20, window: 65 },
  { lengths: [600, 257], heads: 2, kvHeads: 1, headDim: 8, window: 257, scale: 0.3, softcap: 2 },
  { lengths: [560, 40], heads: 3, kvHeads: 1, headDim: 5, window: 17, softcap: 0.8 },
];

/** Seeded inputs, packed with the last sequence first, so that starts are not sorted. */
export function packed({ lengths, heads, kvHeads, headDim }: AttentionCase) {
  const rows = lengths.reduce((a, b) => a + b);
  const starts = new Uint32Array(lengths.length);
  for (let s = lengths.length - 2; s >= 0; s--) starts[s] = starts[s + 1] + lengths[s + 1];
  return {
    rows,
    starts,
    lengths: new Uint32Array(lengths),
    maxLength: Math.max(...lengths),
    q: uniform(rows * heads * headDim, 1, 2),
    k: uniform(rows * kvHeads * headDim, 2, 2),
    v: uniform(rows * kvHeads * headDim, 3),
    dout: uniform(rows * heads * headDim, 4),
  };
}

/**
 * A softmax over `keys` scores of `headDim` terms: the scores' rounding and exp's own error, (3 + 2·6) ulp for scores
 * within 6 of the largest, are relative errors of the weights; sums over `terms` of size `size` come on top.
 */
export function softmaxTolerance(headDim: number, terms: number, size = 1): Tolerance {
  const weights = 8 * Math.sqrt(headDim) * 2 ** -24 + 15 * 2 ** -23;
  const u = weights + 8 * Math.sqrt(terms) * 2 ** -24;
  return { rtol: u, atol: u * size };
}
