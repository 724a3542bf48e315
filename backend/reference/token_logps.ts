// f64 truth of the head: logits l = h·Wᵀ, log p(y) = l_y − lse(l), and its gradients in h and W.

/** H rows, D columns, V vocabulary. */
export interface HeadSizes {
  readonly H: number;
  readonly D: number;
  readonly V: number;
}

/** Per row: log p(target), entropy and log-sum-exp [H] in nats; gradient [H, D] = ∂log p(target)/∂h. */
export interface HeadOutputs {
  readonly logps: Float64Array<ArrayBuffer>;
  readonly entropy: Float64Array<ArrayBuffer>;
  readonly lse: Float64Array<ArrayBuffer>;
  readonly gradient: Float64Array<ArrayBuffer>;
}

/** Logits of one row, [V]. */
export function logitsOf(
  h: ArrayLike<number>,
  w: ArrayLike<number>,
  row: number,
  { D, V }: HeadSizes,
): Float64Array<ArrayBuffer> {
  const logits = new Float64Array(V);
  for (let v = 0; v < V; v++) {
    let sum = 0;
    for (let d = 0; d < D; d++) sum += h[row * D + d] * w[v * D + d];
    logits[v] = sum;
  }
  return logits;
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
  const gradient = new Float64Array(H * D);
  for (let r = 0; r < H; r++) {
    const logits = logitsOf(h, w, r, sizes);
    let max = -Infinity, sum = 0;
    for (const l of logits) max = Math.max(max, l);
    for (const l of logits) sum += Math.exp(l - max);
    lse[r] = max + Math.log(sum);
    logps[r] = logits[targets[r]] - lse[r];
    entropy[r] = lse[r];
    for (let d = 0; d < D; d++) gradient[r * D + d] = w[targets[r] * D + d];
    for (let v = 0; v < V; v++) {
      const p = Math.exp(logits[v] - lse[r]);
      entropy[r] -= p * logits[v];
      for (let d = 0; d < D; d++) gradient[r * D + d] -= p * w[v * D + d];
    }
  }
  return { logps, entropy, lse, gradient };
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
      const slope = scale[r] * ((targets[r] === v ? 1 : 0) - Math.exp(logits[v] - lse[r]));
      for (let d = 0; d < D; d++) dw[v * D + d] += slope * h[r * D + d];
    }
  }
  return dw;
}
