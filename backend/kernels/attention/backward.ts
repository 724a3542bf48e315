// Backward of causal attention (Dao 2023, §2.3.2). With P_ij = exp(q_i·k_j·scale − lse_i), delta_i = dout_i·out_i and
// G_ij = P_ij·(dout_i·v_j − delta_i)·scale: dq_i = Σ_j G_ij·k_j, dk_j = Σ_i G_ij·q_i, dv_j = Σ_i P_ij·dout_i. Scores are
// computed again; where they are capped, s' = c·tanh(s/c), G_ij has the factor 1 − (s'/c)² too.
// Axes as in attention.ts; 5·T²·D flop a head and sequence. No atomics: dq is summed over keys by the query's thread, dk
// and dv over queries and over the heads that share the key, in order, by the key's. Deterministic.
import type { Arena } from "../../arena.ts";
import { length, matrix } from "../../checks.ts";
import { defineKernel, type Kernel } from "../../kernel.ts";
import { eachThreadWgsl, grid } from "../../workgroup.ts";
import type { Tensor } from "../../tensor.ts";
import {
  type AttentionOptions,
  type AttentionTensors,
  checkAttention,
  scoring,
} from "./attention.ts";
import { backwardTwin, deltaTwin } from "./backward_twin.ts";
import { backwardWgsl } from "./backward_wgsl.ts";
import { BACKWARD, DELTA } from "./signature.ts";
import { blocksOf } from "./wgsl.ts";

/**
 * Binds out and dout [R, H·D], lse [R, H], starts and lengths [S], stats [2·R·H + 2·S]: (lse, delta) of each row and
 * head, then (start, length) of each sequence as numbers. The next kernel then fits the eight storage buffers.
 */
export const attentionDeltaKernel: Kernel = defineKernel({
  ...DELTA,
  name: "attentionDelta",
  wgsl: () =>
    /* wgsl */ `${eachThreadWgsl("i", "p.rows * H + p.sequences")}
  let pairs = p.rows * H;
  if (i < pairs) {
    var delta = 0.0;
    for (var d = i * D; d < (i + 1u) * D; d++) { delta += dout[d] * out[d]; }
    stats[2u * i] = lse[i];
    stats[2u * i + 1u] = delta;
  } else {
    stats[2u * i] = f32(starts[i - pairs]);
    stats[2u * i + 1u] = f32(lengths[i - pairs]);
  }
}`,
  workgroups: (p, f) => grid(p.rows * f.H + p.sequences),
  cpu: [
    { tasks: (p, f) => Math.ceil(p.rows / f.TASK), run: deltaTwin },
    {
      tasks: () => 1,
      run: ({ b, p, f }) => {
        for (let s = 0; s < p.sequences; s++) {
          b.stats[2 * (p.rows * f.H + s)] = b.starts[s];
          b.stats[2 * (p.rows * f.H + s) + 1] = b.lengths[s];
        }
      },
    },
  ],
});

/** Binds q and dout [R, H·D], k and v [R, KV·D], stats, dq [R, H·D], dk and dv [R, KV·D]. */
export const attentionBackwardKernel: Kernel = defineKernel({
  ...BACKWARD,
  name: "attentionBackward",
  wgsl: backwardWgsl,
  // A workgroup is 64 queries of a query head (the first H of each H + KV) or 64 keys of a key head.
  workgroups: (p, f) => grid(p.sequences * (f.H + f.KV) * p.blocks, 1),
  cpu: [{ tasks: (p, f) => p.sequences * f.KV, run: backwardTwin }],
});

/**
 * Gradients of {@linkcode attention}.
 *
 * @param tensors What attention read, its `out` [R, H·D] and `lse` [R, H], and `dout` [R, H·D]; borrowed.
 * @param options The same as forward.
 * @returns dq [R, H·D], dk and dv [R, KV·D] in `arena`. Rows outside every sequence are undefined.
 * @throws {TypeError} If the shapes do not fit.
 * @throws {RangeError} If a size is out of range, or there are 2²⁴ rows or more.
 */
export function attentionBackward(
  arena: Arena,
  tensors: AttentionTensors & { out: Tensor; lse: Tensor; dout: Tensor },
  options: AttentionOptions,
): { dq: Tensor; dk: Tensor; dv: Tensor } {
  const { params, fixed } = scoring("attentionBackward", options);
  const [rows, sequences] = checkAttention("attentionBackward", tensors, options);
  const { heads: H, kvHeads: KV, headDim: D, maxLength } = options;
  const { q, k, v, starts, lengths, out, lse, dout } = tensors;
  matrix("attentionBackward", "out", out, rows, H * D);
  matrix("attentionBackward", "dout", dout, rows, H * D);
  length("attentionBackward", "lse", lse, rows * H);
  if (rows >= 2 ** 24) {
    throw new RangeError(`Cannot run attentionBackward: it has ${rows} rows, expected under 2^24`);
  }
  const stats = arena.alloc([2 * rows * H + 2 * sequences], "attention.stats");
  arena.dispatch(attentionDeltaKernel, {
    bind: { out, dout, lse, starts, lengths, stats },
    params: { rows, sequences },
    fixed: { H, D },
  });
  const dq = arena.alloc([rows, H * D], "attention.dq");
  const dk = arena.alloc([rows, KV * D], "attention.dk");
  const dv = arena.alloc([rows, KV * D], "attention.dv");
  arena.dispatch(attentionBackwardKernel, {
    bind: { q, k, v, dout, stats, dq, dk, dv },
    params: { ...params, rows, sequences, blocks: blocksOf(maxLength) },
    fixed,
  });
  arena.release(stats);
  return { dq, dk, dv };
}
