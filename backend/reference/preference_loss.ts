// f64 truth of preference losses on summed log-probs, whatever the loss.

/** Value and slopes of a loss in f64; `x` holds log-ratios dw, dl, counts nw, nl and log-probs lw, ll. */
export interface ReferenceLoss {
  value(x: Record<"dw" | "dl" | "nw" | "nl" | "lw" | "ll", number>): number;
  slopes(
    x: Record<"dw" | "dl" | "nw" | "nl" | "lw" | "ll", number>,
  ): { readonly dw: number; readonly dl: number };
}

/** Sizes and the distance of two members' reference rows: 0 where all share them, 2B where not. */
export interface PreferenceSizes {
  readonly members: number;
  readonly pairs: number;
  readonly referenceStride: number;
}

/** losses [K, B] and slopes [K, 2B] = ∂(Σ_b losses[k, b] / B)/∂logps, chosen rows first. */
export function preferenceLoss(
  loss: ReferenceLoss,
  logps: ArrayLike<number>,
  reference: ArrayLike<number>,
  counts: ArrayLike<number>,
  { members: K, pairs: B, referenceStride }: PreferenceSizes,
): { losses: Float64Array; slopes: Float64Array } {
  const losses = new Float64Array(K * B), slopes = new Float64Array(K * 2 * B);
  for (let k = 0; k < K; k++) {
    for (let b = 0; b < B; b++) {
      const lw = logps[2 * B * k + b], ll = logps[2 * B * k + B + b];
      const dw = lw - reference[referenceStride * k + b];
      const dl = ll - reference[referenceStride * k + B + b];
      const x = { dw, dl, nw: counts[b], nl: counts[B + b], lw, ll };
      if (![lw, ll, dw, dl].every(Number.isFinite)) {
        losses[B * k + b] = slopes[2 * B * k + b] = slopes[2 * B * k + B + b] = NaN;
        continue;
      }
      losses[B * k + b] = loss.value(x);
      const slope = loss.slopes(x);
      slopes[2 * B * k + b] = slope.dw / B;
      slopes[2 * B * k + B + b] = slope.dl / B;
    }
  }
  return { losses, slopes };
}
