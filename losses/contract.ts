// What a preference loss is: a function of one pair's log-ratios, with its slopes and its WGSL twin.

/**
 * Everything that a pairwise loss may look at, for one pair (chosen `w`, rejected `l`).
 *
 * With log-probs summed over completion tokens, `dw = lw − rw` and `dl = ll − rl`, where `r` is the
 * reference. The reference is constant, so a change of `lw` is the same change of `dw`.
 */
export interface LossInput {
  /** Log-ratio of the chosen completion, log π(y_w|x) − log π_ref(y_w|x), in nats. */
  readonly dw: number;
  /** Log-ratio of the rejected completion, log π(y_l|x) − log π_ref(y_l|x), in nats. */
  readonly dl: number;
  /** Number of completion tokens of the chosen; below 1 it is read as 1. */
  readonly nw: number;
  /** Number of completion tokens of the rejected; below 1 it is read as 1. */
  readonly nl: number;
  /** Policy log-prob of the chosen, log π(y_w|x), in nats. */
  readonly lw: number;
  /** Policy log-prob of the rejected, log π(y_l|x), in nats. */
  readonly ll: number;
}

/** The slopes of a loss: what backpropagation multiplies into the two log-probs' gradients. */
export interface LossSlopes {
  /** ∂L/∂dw, which is ∂L/∂lw as well, per nat. */
  readonly dw: number;
  /** ∂L/∂dl, which is ∂L/∂ll as well, per nat. */
  readonly dl: number;
}

/**
 * One preference loss. `value` and `slopes` are the truth in float64; `wgsl` is the same in float32
 * for the device, held to them by tests. A loss of your own may leave `wgsl` out: it then runs in
 * TypeScript between two submits.
 *
 * @example A loss of your own: the squared hinge L = max(0, 1 − (dw − dl))²
 * ```ts
 * import type { PreferenceLoss } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 *
 * const squaredHinge: PreferenceLoss = {
 *   name: "squared-hinge",
 *   options: {},
 *   needsReference: true,
 *   rewardScale: 1,
 *   value: ({ dw, dl }) => Math.max(0, 1 - (dw - dl)) ** 2,
 *   slopes({ dw, dl }) {
 *     const slope = -2 * Math.max(0, 1 - (dw - dl));
 *     return { dw: slope, dl: -slope };
 *   },
 * };
 * assert(squaredHinge.value({ dw: 0, dl: 0, nw: 4, nl: 4, lw: -9, ll: -9 }) === 1);
 * ```
 */
export interface PreferenceLoss {
  /** Name in logs and configs: `"dpo"`, `"ipo"`, `"slic"`, `"slic-hf"`. */
  readonly name: string;
  /** The options that it was built with, for `config.json`. */
  readonly options: Readonly<Record<string, number | string>>;
  /** True where the loss reads `dw` or `dl`: only then does a moving reference (BPO) mean anything. */
  readonly needsReference: boolean;
  /**
   * Scale of the implicit rewards that are logged, unitless: `rewardScale · dw` and `rewardScale · dl`,
   * or of `lw` and `ll` where `needsReference` is false. It is β for dpo and slic, τ for ipo.
   */
  readonly rewardScale: number;
  /** L(x), unitless, float64. */
  value(x: LossInput): number;
  /** ∂L/∂dw and ∂L/∂dl at x, float64. At a kink the flat side's slope is taken. */
  slopes(x: LossInput): LossSlopes;
  /**
   * WGSL source of `fn lossValue(x: LossInput) -> f32` and `fn lossSlopes(x: LossInput) -> vec2f`
   * (∂L/∂dw, ∂L/∂dl). The kernel declares
   * `struct LossInput { dw: f32, dl: f32, nw: f32, nl: f32, lw: f32, ll: f32 }` before it; every other
   * name that the source defines starts with `loss`.
   */
  readonly wgsl?: string;
}
