// AdamW's constants and their defaults, one place for every step. Loshchilov & Hutter 2019, arXiv 1711.05101.
/** AdamW's constants. */
export interface AdamwOptions {
  /** β₁, default 0.9. */
  readonly beta1?: number;
  /** β₂, default 0.999. */
  readonly beta2?: number;
  /** ε, default 1e-8. */
  readonly eps?: number;
  /** Decoupled weight decay, default 0. */
  readonly weightDecay?: number;
  /** Clip each member's gradient norm to this; 0 is off. Default 1. */
  readonly maxGradNorm?: number;
}

/**
 * AdamW's constants with their defaults filled in.
 *
 * @example
 * ```ts
 * import { adamwConstants } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const { beta2, maxGradNorm } = adamwConstants({ beta2: 0.95 });
 * assertEquals([beta2, maxGradNorm], [0.95, 1]);
 * ```
 */
export function adamwConstants(given: AdamwOptions = {}): Required<AdamwOptions> {
  return {
    beta1: given.beta1 ?? 0.9,
    beta2: given.beta2 ?? 0.999,
    eps: given.eps ?? 1e-8,
    weightDecay: given.weightDecay ?? 0,
    maxGradNorm: given.maxGradNorm ?? 1,
  };
}
