// f64 truth of the activations a(g) = g·Φ(g): silu, gelu and its tanh approximation.
import type { Activation } from "../kernels/activation.ts";

type Numbers = ArrayLike<number>;

/**
 * Complementary error function, within 1e-15, or 1e-11 of itself past 0. Below 3: 1 − the series
 * 2/√π·e^(−z²)·Σ 2ᵏz²ᵏ⁺¹/(2k + 1)‼, all of one sign; above: e^(−z²)/√π over the continued fraction z + ½/(z + 1/(z + …)).
 */
export function erfc(z: number): number {
  if (z < 0) return 2 - erfc(-z);
  const bell = Math.exp(-z * z) / Math.sqrt(Math.PI);
  if (z < 3) {
    let term = z, sum = z;
    for (let k = 1; term > 1e-18 * sum; k++) sum += term *= 2 * z * z / (2 * k + 1);
    return 1 - 2 * bell * sum;
  }
  let fraction = z;
  for (let k = 60; k > 0; k--) fraction = z + k / 2 / fraction;
  return bell / fraction;
}

/** Φ(x) and its slope. */
const cdf: Record<Activation, (x: number) => [phi: number, density: number]> = {
  silu: (x) => logistic(x, 1),
  gelu: (x) => [erfc(-x / Math.SQRT2) / 2, Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI)],
  geluTanh: (x) => {
    const twice = 2 * Math.sqrt(2 / Math.PI);
    return logistic(twice * (x + 0.044715 * x ** 3), twice * (1 + 3 * 0.044715 * x ** 2));
  },
};

/** σ(v), and its slope if v has slope `inner`. */
function logistic(v: number, inner: number): [number, number] {
  const s = 1 / (1 + Math.exp(-v));
  return [s, s / (1 + Math.exp(v)) * inner];
}

/** h = a(g). */
export function activation(kind: Activation, g: Numbers): Float64Array {
  return Float64Array.from(g, (x) => x * cdf[kind](x)[0]);
}

/** dg = dh·a′(g). */
export function activationBackward(kind: Activation, g: Numbers, dh: Numbers): Float64Array {
  return Float64Array.from(g, (x, i) => {
    const [phi, density] = cdf[kind](x);
    return dh[i] * (phi + x * density);
  });
}

/** h = a(g)·u. */
export function activationMul(kind: Activation, g: Numbers, u: Numbers): Float64Array {
  return activation(kind, g).map((a, i) => a * u[i]);
}

/** dg = dh·u·a′(g), du = dh·a(g). */
export function activationMulBackward(
  kind: Activation,
  g: Numbers,
  u: Numbers,
  dh: Numbers,
): { dg: Float64Array; du: Float64Array } {
  return {
    dg: activationBackward(kind, g, dh).map((d, i) => d * u[i]),
    du: activationMul(kind, g, dh),
  };
}
