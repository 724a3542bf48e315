// f64 truth of AdamW with gradient clipping, per member (Loshchilov & Hutter 2019, alg. 2; torch's order), and of which
// members it leaves alone.
import { countBlocks } from "./finite.ts";

/** Sizes and options of a step. */
export interface AdamwStep {
  /** G, members. */
  readonly groups: number;
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** t, from 1. */
  readonly step: number;
  /** 0 for none. */
  readonly maxGradNorm: number;
}

/** A member's state, [G·P] each. */
export interface AdamwState {
  readonly param: ArrayLike<number>;
  readonly m: ArrayLike<number>;
  readonly v: ArrayLike<number>;
}

/** Coefficient that a gradient is multiplied by: min(1, max / (norm + 1e-6)), 1 where max is 0. */
export function clipCoefficient(normSquare: number, maxGradNorm: number): number {
  return maxGradNorm === 0 ? 1 : Math.min(1, maxGradNorm / (Math.sqrt(normSquare) + 1e-6));
}

/** One step; new arrays. A group whose `skip` is not 0 stays as it is. */
export function adamw(
  { param, m, v }: AdamwState,
  grad: ArrayLike<number>,
  normSquares: ArrayLike<number>,
  o: AdamwStep,
  skip: ArrayLike<number> = [],
): { param: Float64Array; m: Float64Array; v: Float64Array } {
  const next = {
    param: Float64Array.from(param),
    m: Float64Array.from(m),
    v: Float64Array.from(v),
  };
  const size = param.length / o.groups;
  for (let i = 0; i < param.length; i++) {
    if ((skip[Math.floor(i / size)] ?? 0) !== 0) continue;
    const g = grad[i] * clipCoefficient(normSquares[Math.floor(i / size)], o.maxGradNorm);
    next.m[i] = o.beta1 * m[i] + (1 - o.beta1) * g;
    next.v[i] = o.beta2 * v[i] + (1 - o.beta2) * g * g;
    const mean = next.m[i] / (1 - o.beta1 ** o.step);
    const root = Math.sqrt(next.v[i] / (1 - o.beta2 ** o.step));
    next.param[i] = param[i] * (1 - o.lr * o.weightDecay) - o.lr * mean / (root + o.eps);
  }
  return next;
}

/** [G] blocks of 4096 parameters with a number, before or after the step, that is not finite in f32; all of them where the norm is. */
export function adamwCounts(
  state: AdamwState,
  grad: ArrayLike<number>,
  normSquares: ArrayLike<number>,
  o: AdamwStep,
): number[] {
  const next = adamw(state, grad, normSquares, o);
  const size = state.param.length / o.groups;
  const arrays = [state.param, state.m, state.v, grad, next.param, next.m, next.v];
  const isFinite = (x: number) => Number.isFinite(Math.fround(x));
  return countBlocks(
    size,
    o.groups,
    (i) =>
      isFinite(normSquares[Math.floor(i / size)]) && arrays.every((array) => isFinite(array[i])),
  );
}
