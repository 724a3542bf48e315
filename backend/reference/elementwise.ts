// f64 truth of the elementwise ops.

type Numbers = ArrayLike<number>;

/** z = x + y. */
export function add(x: Numbers, y: Numbers): Float64Array {
  return Float64Array.from(x, (v, i) => v + y[i]);
}

/** y = s[row]·x, rows of length `cols`. */
export function scaleRows(x: Numbers, s: Numbers, cols: number): Float64Array {
  return Float64Array.from(x, (v, i) => s[Math.floor(i / cols)] * v);
}

/** y = factor·x. */
export function scale(x: Numbers, factor: number): Float64Array {
  return Float64Array.from(x, (v) => factor * v);
}

/** z = x + t·(y − x). */
export function lerp(x: Numbers, y: Numbers, t: number): Float64Array {
  return Float64Array.from(x, (v, i) => v + t * (y[i] - v));
}
