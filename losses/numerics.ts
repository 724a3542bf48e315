// Sigmoids that neither overflow nor lose the small side: each in f64 and, below, its f32 WGSL twin.

/**
 * softplus(z) = log(1 + eᶻ), without overflow: written plainly it is Infinity from z = 710 in f64
 * (z = 89 in f32) and 0 below z = −37, where the answer is eᶻ.
 *
 * @example
 * ```ts
 * import { softplus } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 * assert(softplus(0) === Math.LN2 && softplus(2000) === 2000);
 * ```
 *
 * @param z Any finite number.
 * @returns log(1 + eᶻ) ≥ 0.
 */
export function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

/**
 * The logistic function σ(z) = 1/(1 + e⁻ᶻ), to full relative precision on both sides.
 *
 * @example
 * ```ts
 * import { sigmoid } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 * assert(sigmoid(0) === 0.5 && sigmoid(-40) > 4e-18);
 * ```
 *
 * @param z Any finite number.
 * @returns σ(z) in [0, 1].
 */
export function sigmoid(z: number): number {
  const e = Math.exp(-Math.abs(z));
  return (z >= 0 ? 1 : e) / (1 + e);
}

/**
 * log σ(z) = −softplus(−z): 0 for large z, z for very negative z.
 *
 * @example
 * ```ts
 * import { logSigmoid } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 * assert(logSigmoid(0) === -Math.LN2 && logSigmoid(-2000) === -2000);
 * ```
 *
 * @param z Any finite number.
 * @returns log σ(z) ≤ 0, in nats.
 */
export function logSigmoid(z: number): number {
  return -softplus(-z);
}

/**
 * Prints a number as a WGSL f32 literal: `0.1f`, `1e-7f`, `(-2f)`.
 *
 * @example
 * ```ts
 * import { f32Literal } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 * assert(f32Literal(0.1) === "0.1f" && f32Literal(-2) === "(-2f)");
 * ```
 *
 * @param value A number within f32's range.
 * @returns The literal; a negative one in parentheses, so that `a - ${…}` stays an expression.
 * @throws {RangeError} If the value is not finite in f32: WGSL has no literal for it.
 */
export function f32Literal(value: number): string {
  if (!Number.isFinite(Math.fround(value))) {
    throw new RangeError(
      `Cannot write a WGSL literal: value is ${value}, expected a number that is finite in f32`,
    );
  }
  return value < 0 ? `(${value}f)` : `${value}f`;
}

/**
 * WGSL twin of {@linkcode softplus} and {@linkcode sigmoid}: defines `lossSoftplus(z: f32) -> f32` and
 * `lossSigmoid(z: f32) -> f32`, for the `wgsl` of a loss.
 *
 * WGSL has no log1p, and its log is only good to 2⁻²¹ absolute near 1. With t = e^−|z| in (0, 1] and
 * s = t/(2 + t) ≤ 1/3, log(1 + t) = 2·atanh(s) = 2(s + s³/3 + … + s¹³/13 + …), whose tail after s¹³ is
 * below 1.1e-8: relative precision for every z, and no log at all. |z| is cut at 87, where t is still a
 * normal f32 (1.6e-38).
 */
export const sigmoidsWgsl: string = /* wgsl */ `
fn lossExpNegAbs(z: f32) -> f32 {
  return exp(-min(abs(z), 87.0f));
}
fn lossSoftplus(z: f32) -> f32 {
  let t = lossExpNegAbs(z);
  let s = t / (2.0f + t);
  let q = s * s;
  let odd = q * (1.0f / 3.0f + q * (0.2f + q * (1.0f / 7.0f + q * (1.0f / 9.0f +
    q * (1.0f / 11.0f + q * (1.0f / 13.0f))))));
  return max(z, 0.0f) + 2.0f * (s + s * odd);
}
fn lossSigmoid(z: f32) -> f32 {
  let e = lossExpNegAbs(z);
  return select(e, 1.0f, z >= 0.0f) / (1.0f + e);
}
`;
