// What WGSL and WebAssembly compute the activations' Φ from: the normal distribution function without erf, for f32, and its
// tanh approximation σ(SLOPE·(x + CUBIC·x³)) (Hendrycks & Gimpel 2016, section 2).
// The normal one: where x² < 2, ½ + x·R(x²); else the tail
// e^(−x²/2)·t·Q(t), t = 1 / (1 + |x|/√8), or 1 − tail. Minimax fits: the first is within 1e-9 of Φ, the tail within
// 1.4e-8 of itself up to |x| = 13.4 (and e^(−x²/2) is below 1e-38 from 13.2 on).

/** R's coefficients, lowest power first. */
export const NEAR: readonly number[] = [
  0.398942278,
  -0.0664903219,
  0.00997323742,
  -0.00118655132,
  0.000114457377,
  -8.77514751e-6,
  4.22447668e-7,
];

/** Q's coefficients, lowest power first. */
export const TAIL: readonly number[] = [
  0.141050268,
  0.140999036,
  0.123648895,
  0.088670463,
  0.0323004355,
  0.0386172473,
  -0.111083304,
  0.0460756996,
];

/** Where the first fit ends, in x². */
export const NEAR_SQUARES = 2;

/** Φ′(0) = 1/√(2π). */
export const PEAK: number = 1 / Math.sqrt(2 * Math.PI);

/** Factor of |x| in t. */
export const PER_ROOT_8: number = Math.sqrt(1 / 8);

/** The tanh approximation; x is kept within ±MOST, where σ is 1e-38 and e^(−v) still finite. */
export const TANH = { SLOPE: 2 * Math.sqrt(2 / Math.PI), CUBIC: 0.044715, MOST: 10 } as const;
