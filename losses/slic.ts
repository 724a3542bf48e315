// Sequence likelihood calibration on log-ratios: a hinge that stops once the margin is wide enough.

import { numberOption } from "./check.ts";
import type { LossInput, LossSlopes, PreferenceLoss } from "./contract.ts";
import { f32Literal } from "./numerics.ts";

/** Options of {@linkcode slic}. */
export interface SlicOptions {
  /** Inverse temperature β from 1e-6 to 1e6, unitless: pairs with a margin above 1/β nats are left. */
  readonly beta: number;
}

/**
 * Sequence likelihood calibration in its log-ratio form: L = max(0, 1 − β·(dw − dl)).
 *
 * This is what TRL calls `hinge` and the BPO authors "SLiC". The original, without a reference, is
 * {@linkcode slicHf}.
 *
 * @example
 * ```ts
 * import { slic } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 *
 * const loss = slic({ beta: 0.5 });
 * const start = { dw: 0, dl: 0, nw: 12, nl: 9, lw: -30, ll: -25 };
 * assert(loss.value(start) === 1);
 * assert(loss.slopes({ ...start, dw: 2 }).dw === 0); // wide enough: left alone
 * ```
 *
 * @param options `beta`: inverse temperature.
 * @returns Value and slopes in the log-ratios dw and dl, in nats; slope 0 at the kink β·(dw − dl) = 1.
 * @throws {TypeError} If `beta` is not a number.
 * @throws {RangeError} If `beta` is out of its range.
 * @see Liu et al. 2023 (RSO), where it is the hinge of log-ratios, https://arxiv.org/abs/2309.06657
 */
export function slic(options: SlicOptions): PreferenceLoss {
  const beta = numberOption("slic", options, "beta", 1e-6, 1e6);
  const gap = ({ dw, dl }: LossInput) => 1 - beta * (dw - dl);
  return {
    name: "slic",
    options: { beta },
    needsReference: true,
    rewardScale: beta,
    value: (x: LossInput): number => Math.max(0, gap(x)),
    slopes(x: LossInput): LossSlopes {
      return gap(x) > 0 ? { dw: -beta, dl: beta } : { dw: 0, dl: 0 };
    },
    wgsl: /* wgsl */ `
fn lossGap(x: LossInput) -> f32 {
  return 1.0f - ${f32Literal(beta)} * (x.dw - x.dl);
}
fn lossValue(x: LossInput) -> f32 {
  return max(0.0f, lossGap(x));
}
fn lossSlopes(x: LossInput) -> vec2f {
  let slope = select(0.0f, ${f32Literal(beta)}, lossGap(x) > 0.0f);
  return vec2f(-slope, slope);
}
`,
  };
}
