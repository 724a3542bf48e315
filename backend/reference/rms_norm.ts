// f64 truth of RMSNorm: y = x·w·inv, inv = 1/√(mean(x²) + eps), per row.

/** Sizes of a row-wise op. */
export interface RowsCols {
  readonly rows: number;
  readonly cols: number;
}

/** y [rows, cols] and inv [rows]. */
export function rmsNorm(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  { rows, cols, eps }: RowsCols & { eps: number },
): { y: Float64Array; inv: Float64Array } {
  const y = new Float64Array(rows * cols);
  const inv = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let c = 0; c < cols; c++) sum += x[r * cols + c] ** 2;
    inv[r] = 1 / Math.sqrt(sum / cols + eps);
    for (let c = 0; c < cols; c++) y[r * cols + c] = x[r * cols + c] * w[c] * inv[r];
  }
  return { y, inv };
}

/** dx = inv·(w·dy) − x·inv³·mean(x·w·dy). */
export function rmsNormBackward(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  inv: ArrayLike<number>,
  dy: ArrayLike<number>,
  { rows, cols }: RowsCols,
): Float64Array {
  const dx = new Float64Array(rows * cols);
  for (let r = 0; r < rows; r++) {
    let mean = 0;
    for (let c = 0; c < cols; c++) mean += x[r * cols + c] * w[c] * dy[r * cols + c] / cols;
    for (let c = 0; c < cols; c++) {
      const i = r * cols + c;
      dx[i] = inv[r] * w[c] * dy[i] - x[i] * inv[r] ** 3 * mean;
    }
  }
  return dx;
}

/** dw[c] = Σ_r dy·x·inv. */
export function rmsNormWeightGrad(
  x: ArrayLike<number>,
  inv: ArrayLike<number>,
  dy: ArrayLike<number>,
  { rows, cols }: RowsCols,
): Float64Array {
  const dw = new Float64Array(cols);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) dw[c] += dy[r * cols + c] * x[r * cols + c] * inv[r];
  }
  return dw;
}
