// Identity preference optimisation: pull the margin to a target instead of to infinity.

import { numberOption, show } from "./check.ts";
import type { LossInput, LossSlopes, PreferenceLoss } from "./contract.ts";
import { f32Literal } from "./numerics.ts";

/** Options of {@linkcode ipo}. */
export interface IpoOptions {
  /** Regularisation τ from 1e-6 to 1e6, unitless: the margin's target is 1/(2τ). Others call it beta. */
  readonly tau: number;
  /**
   * Whether the margin is of log-ratios per token (`"mean"`: TRL's DPO, the BPO authors) or of their
   * sums (`"sum"`: the DPO reference code, OpenRLHF, TRL's online DPO). The two differ by a factor of
   * the length, which is why there is no default.
   */
  readonly reduction: "mean" | "sum";
}

/**
 * Identity preference optimisation:
 * L = (dw/Nw − dl/Nl − 1/(2τ))² for `"mean"`, L = (dw − dl − 1/(2τ))² for `"sum"`.
 *
 * @example
 * ```ts
 * import { ipo } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 *
 * const loss = ipo({ tau: 0.1, reduction: "sum" });
 * const start = { dw: 0, dl: 0, nw: 12, nl: 9, lw: -30, ll: -25 };
 * assert(loss.value(start) === 25); // (0 − 5)²
 * assert(loss.value({ ...start, dw: 5 }) === 0); // the target is reached
 * ```
 *
 * @param options `tau`: regularisation; `reduction`: `"mean"` or `"sum"` over completion tokens.
 * @returns Value and slopes in the log-ratios dw and dl (the sums, in nats, for both reductions).
 * @throws {TypeError} If an option is missing or of the wrong kind.
 * @throws {RangeError} If an option is out of its range.
 * @see Azar et al. 2023, eq. 17, https://arxiv.org/abs/2310.12036
 */
export function ipo(options: IpoOptions): PreferenceLoss {
  const tau = numberOption("ipo", options, "tau", 1e-6, 1e6);
  const reduction: string = options.reduction;
  if (reduction !== "mean" && reduction !== "sum") {
    const Wrong = typeof reduction === "string" ? RangeError : TypeError;
    throw new Wrong(
      `Cannot build the ipo loss: reduction is ${show(reduction)}, expected "mean" or "sum". ` +
        `TRL's DPO takes the mean over tokens, the DPO reference code the sum: say which`,
    );
  }
  const target = 1 / (2 * tau);
  const mean = reduction === "mean";
  const residual = (x: LossInput) =>
    (mean ? x.dw / Math.max(x.nw, 1) - x.dl / Math.max(x.nl, 1) : x.dw - x.dl) - target;
  const [perW, perL] = mean ? ["/ max(x.nw, 1.0f)", "/ max(x.nl, 1.0f)"] : ["", ""];
  return {
    name: "ipo",
    options: { tau, reduction },
    needsReference: true,
    rewardScale: tau,
    value: (x: LossInput): number => residual(x) ** 2,
    slopes(x: LossInput): LossSlopes {
      const slope = 2 * residual(x);
      return mean
        ? { dw: slope / Math.max(x.nw, 1), dl: -slope / Math.max(x.nl, 1) }
        : { dw: slope, dl: -slope };
    },
    wgsl: /* wgsl */ `
fn lossResidual(x: LossInput) -> f32 {
  return x.dw ${perW} - x.dl ${perL} - ${f32Literal(target)};
}
fn lossValue(x: LossInput) -> f32 {
  let r = lossResidual(x);
  return r * r;
}
fn lossSlopes(x: LossInput) -> vec2f {
  let slope = 2.0f * lossResidual(x);
  return vec2f(slope ${perW}, -slope ${perL});
}
`,
  };
}
