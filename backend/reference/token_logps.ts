// f64 truth of the head: logits l = h·Wᵀ, log p(y) = l_y − lse(l), and its gradients in h and W.

/** H rows, D columns, V vocabulary. */
export interface HeadSizes {
  readonly H: number;
  readonly D: number;
  readonly V: number;
  /** c: logits are c·tanh(l/c). */
  readonly softcap?: number;
}

/**
 * Per row: log p(target), entropy and log-sum-exp [H] in nats; the mean logit, and 1 where the target is the first of
 * the largest; gradient [H, D] = ∂log p(target)/∂h.
 */
export interface HeadOutputs {
  readonly logps: Float64Array<ArrayBuffer>;
  readonly entropy: Float64Array<ArrayBuffer>;
  readonly lse: Float64Array<ArrayBuffer>;
  readonly meanLogits: Float64Array<ArrayBuffer>;
  readonly isTop: Float64Array<ArrayBuffer>;
  readonly gradient: Float64Array<ArrayBuffer>;
}

/** Logits of one row, [V]. */
export function logitsOf(
  h: ArrayLike<number>,
  w: ArrayLike<number>,
  row: number,
  { D, V, softcap }: HeadSizes,
): Float64Array<ArrayBuffer> {
  const logits = new Float64Array(V);
  for (let v = 0; v < V; v++) {
    let sum = 0;
    for (let d = 0; d < D; d++) sum += h[row * D + d] * w[v * D + d];
    logits[v] = softcap === undefined ? sum : softcap * Math.tanh(sum / softcap);
  }
  return logits;
}

/** Slope of a logit's cap, where it is l. */
function slopeOf(l: number, { softcap }: HeadSizes): number {
  return softcap === undefined ? 1 : 1 - (l / softcap) ** 2;
}

/** log p(target) = l_y − lse, entropy = lse − Σ p·l, gradient = w_y − Σ_v p_v w_v. */
export function tokenLogps(
  h: ArrayLike<number>,
  w: ArrayLike<number>,
  targets: ArrayLike<number>,
  sizes: HeadSizes,
): HeadOutputs {
  const { H, D, V } = sizes;
  const logps = new Float64Array(H), entropy = new Float64Array(H), lse = new Float64Array(H);
  const meanLogits = new Float64Array(H), isTop = new Float64Array(H);
  const gradient = new Float64Array(H * D);
  for (let r = 0; r < H; r++) {
    const logits = logitsOf(h, w, r, sizes);
    let max = -Infinity, sum = 0;
    for (const l of logits) max = Math.max(max, l);
    for (const l of logits) meanLogits[r] += l / V;
    isTop[r] = logits.indexOf(max) === targets[r] ? 1 : 0;
    for (const l of logits) sum += Math.exp(l - max);
    lse[r] = max + Math.log(sum);
    logps[r] = logits[targets[r]] - lse[r];
    entropy[r] = lse[r];
    for (let v = 0; v < V; v++) {
      const p = Math.exp(logits[v] - lse[r]);
      entropy[r] -= p * logits[v];
      const weight = ((v === targets[r] ? 1 : 0) - p) * slopeOf(logits[v], sizes);
      for (let d = 0; d < D; d++) gradient[r * D + d] += weight * w[v * D + d];
    }
  }
  return { logps, entropy, lse, meanLogits, isTop, gradient };
}

/** dW[v] = Σ_r scale_r·(1[v = y_r] − p_rv)·h_r, the gradient of Σ_r scale_r·log p(y_r) in W [V, D]. */
export function tokenLogpsWeightGrad(
  h: ArrayLike<number>,
  w: ArrayLike<number>,
  targets: ArrayLike<number>,
  lse: ArrayLike<number>,
  scale: ArrayLike<number>,
  sizes: HeadSizes,
): Float64Array<ArrayBuffer> {
  const { H, D, V } = sizes;
  const dw = new Float64Array(V * D);
  for (let r = 0; r < H; r++) {
    const logits = logitsOf(h, w, r, sizes);
    for (let v = 0; v < V; v++) {
      const hit = targets[r] === v ? 1 : 0;
      const slope = scale[r] * (hit - Math.exp(logits[v] - lse[r])) * slopeOf(logits[v], sizes);
      for (let d = 0; d < D; d++) dw[v * D + d] += slope * h[r * D + d];
    }
  }
  return dw;
}
