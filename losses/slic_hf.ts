// SLiC-HF as published: a hinge on raw log-probs plus the likelihood of the chosen; no reference at all.

import { numberOption } from "./check.ts";
import type { LossInput, LossSlopes, PreferenceLoss } from "./contract.ts";
import { f32Literal } from "./numerics.ts";

/** Options of {@linkcode slicHf}. */
export interface SlicHfOptions {
  /** Margin δ from 0 to 1e6, in nats of the summed log-probs. */
  readonly delta: number;
  /** Weight λ from 0 to 1e6 of the chosen's mean token NLL, unitless. */
  readonly lambda: number;
}

/**
 * SLiC-HF: L = max(0, δ − log π(y_w|x) + log π(y_l|x)) − λ·log π(y_w|x)/Nw.
 *
 * The regulariser's target is the chosen completion. The loss sees raw log-probs only, so a moving
 * reference changes nothing: it is a baseline, it cannot be made BPO.
 *
 * @example
 * ```ts
 * import { slicHf } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 *
 * const loss = slicHf({ delta: 1, lambda: 0.5 });
 * const x = { dw: 0, dl: 0, nw: 10, nl: 9, lw: -30, ll: -25 };
 * assert(loss.value(x) === 7.5); // 1 + 30 − 25, and half of 3 nats a token
 * ```
 *
 * @param options `delta`: the hinge's margin; `lambda`: weight of the NLL.
 * @returns Value and slopes in the log-probs lw and ll, in nats; the hinge's slope is 0 at its kink.
 * @throws {TypeError} If an option is not a number.
 * @throws {RangeError} If an option is out of its range.
 * @see Zhao et al. 2023 (SLiC-HF), https://arxiv.org/abs/2305.10425
 */
export function slicHf(options: SlicHfOptions): PreferenceLoss {
  const delta = numberOption("slic-hf", options, "delta", 0, 1e6);
  const lambda = numberOption("slic-hf", options, "lambda", 0, 1e6);
  const gap = ({ lw, ll }: LossInput) => delta - lw + ll;
  return {
    name: "slic-hf",
    options: { delta, lambda },
    needsReference: false,
    rewardScale: 1,
    value: (x: LossInput): number => Math.max(0, gap(x)) - lambda * x.lw / Math.max(x.nw, 1),
    slopes(x: LossInput): LossSlopes {
      const hinge = gap(x) > 0 ? 1 : 0;
      return { dw: -hinge - lambda / Math.max(x.nw, 1), dl: hinge };
    },
    wgsl: /* wgsl */ `
fn lossGap(x: LossInput) -> f32 {
  return ${f32Literal(delta)} - x.lw + x.ll;
}
fn lossValue(x: LossInput) -> f32 {
  return max(0.0f, lossGap(x)) - ${f32Literal(lambda)} * x.lw / max(x.nw, 1.0f);
}
fn lossSlopes(x: LossInput) -> vec2f {
  let hinge = select(0.0f, 1.0f, lossGap(x) > 0.0f);
  return vec2f(-hinge - ${f32Literal(lambda)} / max(x.nw, 1.0f), hinge);
}
`,
  };
}
