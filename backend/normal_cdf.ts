// The normal distribution function Φ without erf, for f32: where x² < 2, ½ + x·R(x²); else the tail
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
