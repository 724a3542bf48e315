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

/** When and how fast a step is. */
export interface StepPace {
  /** Updates made before this one, from 0: AdamW's bias correction. */
  readonly step: number;
  /** Learning rate of this step. */
  readonly learningRate: number;
}

/**
 * Refuse a step number or a learning rate that is none, before anything is computed.
 *
 * @example
 * ```ts
 * import { checkPace } from "@leash/bpo/core";
 * import { assertThrows } from "@std/assert";
 * checkPace({ step: 0, learningRate: 1e-4 });
 * assertThrows(() => checkPace({ step: 0, learningRate: NaN }), RangeError, "learningRate is NaN");
 * ```
 *
 * @throws {RangeError} If `step` is not a whole number from 0 up, or `learningRate` not a finite one.
 */
export function checkPace({ step, learningRate }: StepPace): void {
  const refuse = (name: string, found: number, wanted: string) => {
    throw new RangeError(`Cannot train a step: ${name} is ${found}, expected ${wanted}`);
  };
  if (!(Number.isInteger(step) && step >= 0)) refuse("step", step, "a whole number from 0 up");
  if (!(Number.isFinite(learningRate) && learningRate >= 0)) {
    refuse("learningRate", learningRate, "a number from 0 up");
  }
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
