// f64 truth of LayerNorm: y = x̂·w + b, x̂ = (x − mean)·inv, inv = 1/√(mean((x − mean)²) + eps), per row.
import { columnSums } from "./bias.ts";
import type { RowsCols } from "./rms_norm.ts";

type Numbers = ArrayLike<number>;

/** y and x̂ [rows, cols], mean and inv [rows]. */
export function layerNorm(
  x: Numbers,
  w: Numbers,
  b: Numbers | undefined,
  { rows, cols, eps }: RowsCols & { eps: number },
): { y: Float64Array; hat: Float64Array; mean: Float64Array; inv: Float64Array } {
  const y = new Float64Array(rows * cols), hat = new Float64Array(rows * cols);
  const mean = new Float64Array(rows), inv = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    let variance = 0;
    for (let c = 0; c < cols; c++) mean[r] += x[r * cols + c] / cols;
    for (let c = 0; c < cols; c++) variance += (x[r * cols + c] - mean[r]) ** 2 / cols;
    inv[r] = 1 / Math.sqrt(variance + eps);
    for (let c = 0; c < cols; c++) {
      const i = r * cols + c;
      hat[i] = (x[i] - mean[r]) * inv[r];
      y[i] = hat[i] * w[c] + (b?.[c] ?? 0);
    }
  }
  return { y, hat, mean, inv };
}

/** dx = inv·(w·dy − mean(w·dy) − x̂·mean(w·dy·x̂)). */
export function layerNormBackward(
  hat: Numbers,
  w: Numbers,
  inv: Numbers,
  dy: Numbers,
  { rows, cols }: RowsCols,
): Float64Array {
  const dx = new Float64Array(rows * cols);
  for (let r = 0; r < rows; r++) {
    let plain = 0, along = 0;
    for (let c = 0; c < cols; c++) {
      const slope = w[c] * dy[r * cols + c] / cols;
      plain += slope;
      along += slope * hat[r * cols + c];
    }
    for (let c = 0; c < cols; c++) {
      const i = r * cols + c;
      dx[i] = inv[r] * (w[c] * dy[i] - plain - hat[i] * along);
    }
  }
  return dx;
}

/** dw = Σ_r dy·x̂. */
export function layerNormWeightGrad(hat: Numbers, dy: Numbers, cols: number): Float64Array {
  return columnSums(Float64Array.from(hat, (h, i) => h * dy[i]), cols);
}
