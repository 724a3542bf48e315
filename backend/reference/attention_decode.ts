// f64 truth of one-query attention over a key-value cache: the last row of causal attention.
import type { Scoring } from "./attention.ts";
import { softcap } from "./softcap.ts";

/** out [S, H·D] for q [S, H·D] over positions 0 … lengths[s] − 1 of kCache and vCache [S, capacity, KV·D]. */
export function attentionDecode(
  { q, kCache, vCache, lengths }: {
    q: ArrayLike<number>;
    kCache: ArrayLike<number>;
    vCache: ArrayLike<number>;
    lengths: ArrayLike<number>;
  },
  { capacity, heads, kvHeads, headDim, ...scoring }: {
    capacity: number;
    heads: number;
    kvHeads: number;
    headDim: number;
  } & Scoring,
): Float64Array {
  const { scale = 1 / Math.sqrt(headDim), softcap: cap, window = Infinity } = scoring;
  const out = new Float64Array(q.length);
  for (let s = 0; s < lengths.length; s++) {
    const first = Math.max(0, lengths[s] - window);
    for (let h = 0; h < heads; h++) {
      const kv = Math.floor(h * kvHeads / heads), at = (s * heads + h) * headDim;
      const cell = (j: number) => ((s * capacity + first + j) * kvHeads + kv) * headDim;
      const scores = Array.from({ length: lengths[s] - first }, (_, j) => {
        let dot = 0;
        for (let d = 0; d < headDim; d++) dot += q[at + d] * kCache[cell(j) + d];
        return softcap(dot * scale, cap);
      });
      const top = Math.max(...scores);
      const sum = scores.reduce((total, score) => total + Math.exp(score - top), 0);
      scores.forEach((score, j) => {
        for (let d = 0; d < headDim; d++) {
          out[at + d] += Math.exp(score - top) / sum * vCache[cell(j) + d];
        }
      });
    }
  }
  return out;
}
