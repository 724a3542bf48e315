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

/** h = silu(g)·u. */
export function siluMul(g: Numbers, u: Numbers): Float64Array {
  return Float64Array.from(g, (v, i) => v / (1 + Math.exp(-v)) * u[i]);
}

/** dg = dh·u·σ·(1 + g·(1 − σ)), du = dh·g·σ. */
export function siluMulBackward(
  g: Numbers,
  u: Numbers,
  dh: Numbers,
): { dg: Float64Array; du: Float64Array } {
  const sigma = Float64Array.from(g, (v) => 1 / (1 + Math.exp(-v)));
  return {
    dg: sigma.map((s, i) => dh[i] * u[i] * s * (1 + g[i] * (1 - s))),
    du: sigma.map((s, i) => dh[i] * g[i] * s),
  };
}

/** z = x + t·(y − x). */
export function lerp(x: Numbers, y: Numbers, t: number): Float64Array {
  return Float64Array.from(x, (v, i) => v + t * (y[i] - v));
}
