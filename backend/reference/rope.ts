// f64 truth of rotary position embedding: pairs (i, i + D/2) turn by (position − back)·theta^(−2i/D), D = rotaryDim;
// the numbers of a head from D on stay.

/** Sizes and options of {@linkcode rope}. */
export interface RopeSizes {
  readonly rows: number;
  readonly heads: number;
  readonly headDim: number;
  /** Default: headDim. */
  readonly rotaryDim?: number;
  readonly theta: number;
  readonly back?: number;
  readonly inverse?: boolean;
}

/** y [rows, heads·headDim]. */
export function rope(
  x: ArrayLike<number>,
  positions: ArrayLike<number>,
  { rows, heads, headDim, rotaryDim = headDim, theta, back = 0, inverse = false }: RopeSizes,
): Float64Array {
  const y = Float64Array.from(x), half = rotaryDim / 2;
  for (let r = 0; r < rows; r++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < half; i++) {
        const angle = (positions[r] - back) * theta ** (-2 * i / rotaryDim) * (inverse ? -1 : 1);
        const a = (r * heads + h) * headDim + i, b = a + half;
        y[a] = x[a] * Math.cos(angle) - x[b] * Math.sin(angle);
        y[b] = x[b] * Math.cos(angle) + x[a] * Math.sin(angle);
      }
    }
  }
  return y;
}
