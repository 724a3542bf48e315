// f64 truth of causal grouped-query attention on packed rows, forward and backward.
import { softcap } from "./softcap.ts";

/** How scores are made of the products q·k. */
export interface Scoring {
  /** Factor. Default: 1 / √headDim. */
  readonly scale?: number;
  /** c of s → c·tanh(s/c). */
  readonly softcap?: number;
  /** Row i sees i − window < j ≤ i: transformers' `sliding_window_overlay` on a causal mask. */
  readonly window?: number;
}

/** Sizes of attention: H query heads share KV key and value heads of D numbers. */
export interface AttentionSizes extends Scoring {
  readonly rows: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** q [rows, H·D], k and v [rows, KV·D]; sequence s holds rows starts[s] … starts[s] + lengths[s] − 1. */
export interface AttentionInputs {
  readonly q: ArrayLike<number>;
  readonly k: ArrayLike<number>;
  readonly v: ArrayLike<number>;
  readonly starts: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
}

/** out [rows, H·D] and the log-sum-exp of the scaled scores, lse [rows, H]. */
export function attention(
  { q, k, v, starts, lengths }: AttentionInputs,
  { rows, heads, kvHeads, headDim, ...scoring }: AttentionSizes,
): { out: Float64Array; lse: Float64Array } {
  const { scale = 1 / Math.sqrt(headDim), softcap: cap, window = Infinity } = scoring;
  const out = new Float64Array(rows * heads * headDim), lse = new Float64Array(rows * heads);
  for (let s = 0; s < starts.length; s++) {
    for (let i = starts[s]; i < starts[s] + lengths[s]; i++) {
      const first = Math.max(starts[s], i - window + 1);
      for (let h = 0; h < heads; h++) {
        const kv = Math.floor(h * kvHeads / heads), qAt = (i * heads + h) * headDim;
        const scores: number[] = [];
        for (let j = first; j <= i; j++) {
          let dot = 0;
          for (let d = 0; d < headDim; d++) dot += q[qAt + d] * k[(j * kvHeads + kv) * headDim + d];
          scores.push(softcap(dot * scale, cap));
        }
        const top = Math.max(...scores);
        const sum = scores.reduce((total, score) => total + Math.exp(score - top), 0);
        lse[i * heads + h] = top + Math.log(sum);
        scores.forEach((score, t) => {
          const weight = Math.exp(score - top) / sum;
          const at = ((first + t) * kvHeads + kv) * headDim;
          for (let d = 0; d < headDim; d++) out[qAt + d] += weight * v[at + d];
        });
      }
    }
  }
  return { out, lse };
}

/** dq [rows, H·D], dk and dv [rows, KV·D] for the slopes dout [rows, H·D]. */
export function attentionBackward(
  inputs: AttentionInputs & { readonly dout: ArrayLike<number> },
  sizes: AttentionSizes,
): { dq: Float64Array; dk: Float64Array; dv: Float64Array } {
  const { q, k, v, starts, lengths, dout } = inputs;
  const { rows, heads, kvHeads, headDim, softcap: cap, window = Infinity } = sizes;
  const { out, lse } = attention(inputs, sizes);
  const dq = new Float64Array(rows * heads * headDim);
  const dk = new Float64Array(rows * kvHeads * headDim), dv = new Float64Array(dk.length);
  const { scale = 1 / Math.sqrt(headDim) } = sizes;
  for (let s = 0; s < starts.length; s++) {
    for (let i = starts[s]; i < starts[s] + lengths[s]; i++) {
      for (let h = 0; h < heads; h++) {
        const kv = Math.floor(h * kvHeads / heads), a = (i * heads + h) * headDim;
        let delta = 0;
        for (let d = 0; d < headDim; d++) delta += dout[a + d] * out[a + d];
        for (let j = Math.max(starts[s], i - window + 1); j <= i; j++) {
          const b = (j * kvHeads + kv) * headDim;
          let score = 0, slope = 0;
          for (let d = 0; d < headDim; d++) {
            score += q[a + d] * k[b + d] * scale;
            slope += dout[a + d] * v[b + d];
          }
          const weight = Math.exp(softcap(score, cap) - lse[i * heads + h]);
          const bend = cap === undefined ? 1 : 1 - (softcap(score, cap) / cap) ** 2;
          const dScore = weight * (slope - delta) * bend * scale;
          for (let d = 0; d < headDim; d++) {
            dq[a + d] += dScore * k[b + d];
            dk[b + d] += dScore * q[a + d];
            dv[b + d] += weight * dout[a + d];
          }
        }
      }
    }
  }
  return { dq, dk, dv };
}
