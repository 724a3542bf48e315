// Direct preference optimisation: a logistic regression on the margin of log-ratios.

import { numberOption } from "./check.ts";
import type { LossInput, LossSlopes, PreferenceLoss } from "./contract.ts";
import { f32Literal, sigmoid, sigmoidsWgsl, softplus } from "./numerics.ts";

/** Options of {@linkcode dpo}. */
export interface DpoOptions {
  /** Inverse temperature β from 1e-6 to 1e6, unitless; papers use 0.01 to 0.5. */
  readonly beta: number;
  /** ε in [0, 0.5]: the share of labels taken to be flipped (conservative DPO). Default 0. */
  readonly labelSmoothing?: number;
}

/**
 * Direct preference optimisation, with z = β·(dw − dl):
 * L = −(1 − ε)·log σ(z) − ε·log σ(−z).
 *
 * @example
 * ```ts
 * import { dpo } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 *
 * const loss = dpo({ beta: 0.1 });
 * const start = { dw: 0, dl: 0, nw: 12, nl: 9, lw: -30, ll: -25 };
 * assert(Math.abs(loss.value(start) - Math.LN2) < 1e-15); // nothing learnt yet
 * assert(loss.slopes(start).dw === -0.05); // −β/2: raise the chosen
 * ```
 *
 * @param options `beta`: inverse temperature; `labelSmoothing`: ε.
 * @returns Value and slopes in the log-ratios dw and dl, in nats.
 * @throws {TypeError} If an option is not a number.
 * @throws {RangeError} If an option is out of its range.
 * @see Rafailov et al. 2023, eq. 7, https://arxiv.org/abs/2305.18290; with ε, the conservative
 * DPO of https://ericmitchell.ai/cdpo.pdf
 */
export function dpo(options: DpoOptions): PreferenceLoss {
  const beta = numberOption("dpo", options, "beta", 1e-6, 1e6);
  const labelSmoothing = options.labelSmoothing === undefined
    ? 0
    : numberOption("dpo", options, "labelSmoothing", 0, 0.5);
  const keep = 1 - labelSmoothing;
  return {
    name: "dpo",
    options: { beta, labelSmoothing },
    needsReference: true,
    rewardScale: beta,
    value({ dw, dl }: LossInput): number {
      const z = beta * (dw - dl);
      return keep * softplus(-z) + labelSmoothing * softplus(z);
    },
    slopes({ dw, dl }: LossInput): LossSlopes {
      const z = beta * (dw - dl);
      const slope = beta * (labelSmoothing * sigmoid(z) - keep * sigmoid(-z));
      return { dw: slope, dl: -slope };
    },
    wgsl: /* wgsl */ `${sigmoidsWgsl}
fn lossValue(x: LossInput) -> f32 {
  let z = ${f32Literal(beta)} * (x.dw - x.dl);
  return ${f32Literal(keep)} * lossSoftplus(-z) + ${f32Literal(labelSmoothing)} * lossSoftplus(z);
}
fn lossSlopes(x: LossInput) -> vec2f {
  let z = ${f32Literal(beta)} * (x.dw - x.dl);
  let slope = ${f32Literal(beta)} *
    (${f32Literal(labelSmoothing)} * lossSigmoid(z) - ${f32Literal(keep)} * lossSigmoid(-z));
  return vec2f(slope, -slope);
}
`,
  };
}
