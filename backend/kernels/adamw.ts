// AdamW in place, each member's gradient clipped by its own norm (Loshchilov & Hutter 2019, alg. 2, torch's order):
// g' = min(1, max/(‖g‖ + 1e-6))·g; m = β₁m + (1 − β₁)g'; v = β₂v + (1 − β₂)g'²;
// p = (1 − lr·λ)p − lr·(m/c₁)/(√(v/c₂) + ε), c = 1 − βᵗ. Axes: G members, P parameters each.
// Reads 16GP and writes 12GP bytes, elementwise: deterministic. 1 − β and the like are made in f64 on the host.
import type { Arena } from "../arena.ts";
import { length, matrix } from "../checks.ts";
import { type CpuContext, grid, type Kernel } from "../kernel.ts";
import type { Tensor } from "../tensor.ts";

/** Binds grad [G, P], normSquares [G]; param, m, v [G, P] are overwritten. */
export const adamwInPlaceKernel: Kernel = {
  name: "adamwInPlace",
  bindings: [
    { name: "grad", access: "read" },
    { name: "normSquares", access: "read" },
    { name: "param", access: "read_write" },
    { name: "m", access: "read_write" },
    { name: "v", access: "read_write" },
  ],
  params: [
    ["groups", "u32"],
    ["size", "u32"],
    ["lr", "f32"],
    ["beta1", "f32"],
    ["beta2", "f32"],
    ["eps", "f32"],
    ["weightDecay", "f32"],
    ["c1", "f32"], // 1 − β₁ᵗ
    ["c2", "f32"], // 1 − β₂ᵗ
    ["maxGradNorm", "f32"],
    ["mix1", "f32"], // 1 − β₁: from f32 β₂ = 0.999 it would be off by 1e-5
    ["mix2", "f32"], // 1 − β₂
    ["keep", "f32"], // 1 − lr·λ
    ["rate", "f32"], // lr / c₁
  ],
  fixed: [],
  wgsl: () => /* wgsl */ `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = flatIndex(group, groups, 64u, local);
  if (i >= p.groups * p.size) { return; }
  var clip = 1.0;
  if (p.maxGradNorm > 0.0) {
    clip = min(1.0, p.maxGradNorm / (sqrt(normSquares[i / p.size]) + 1e-6));
  }
  let g = clip * grad[i];
  let mean = p.beta1 * m[i] + p.mix1 * g;
  let square = p.beta2 * v[i] + p.mix2 * g * g;
  m[i] = mean;
  v[i] = square;
  param[i] = p.keep * param[i] - p.rate * mean / (sqrt(square / p.c2) + p.eps);
}`,
  workgroups: (p) => grid(p.groups * p.size),
  cpu: [{ tasks: (p) => p.groups * Math.ceil(p.size / 8192), run: adamwTwin }],
};

/** A task is up to 8192 parameters of one member. */
function adamwTwin({ b, p, wasm }: CpuContext, lo: number, hi: number): void {
  const blocks = Math.ceil(p.size / 8192);
  for (let task = lo; task < hi; task++) {
    const group = Math.floor(task / blocks), first = (task % blocks) * 8192;
    const norm = Math.sqrt(b.normSquares[group]);
    const clip = p.maxGradNorm > 0 ? Math.min(1, p.maxGradNorm / (norm + 1e-6)) : 1;
    const at = (view: Float32Array) => view.byteOffset + 4 * (group * p.size + first);
    wasm.adamw(
      at(b.param),
      at(b.grad),
      at(b.m),
      at(b.v),
      Math.min(8192, p.size - first),
      p.lr,
      p.beta1,
      p.beta2,
      p.eps,
      p.weightDecay,
      p.c1,
      p.c2,
      clip,
    );
  }
}

/** Options of {@linkcode adamwInPlace}; torch's defaults are lr 1e-3, betas 0.9 and 0.999, eps 1e-8, decay 0.01. */
export interface AdamwOptions {
  /** Learning rate of this step. */
  readonly lr: number;
  /** Decay of the mean of gradients, in [0, 1). */
  readonly beta1: number;
  /** Decay of the mean of squares, in [0, 1). */
  readonly beta2: number;
  /** Added to the root of the mean square, > 0. */
  readonly eps: number;
  /** λ: p shrinks by lr·λ before the step (decoupled). */
  readonly weightDecay: number;
  /** t, from 1: corrects the means' bias to their start of 0. */
  readonly step: number;
  /** Largest norm of a member's gradient; larger ones are scaled down to it. 0 for none. */
  readonly maxGradNorm: number;
}

/**
 * One step of AdamW for all members, in place on param, m and v.
 *
 * @example
 * ```ts
 * import { adamwInPlace, Arena, openDevice } from "@leash/bpo/backend";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const one = (x: number) => arena.upload([1, 1], new Float32Array([x]), "one");
 * const param = one(1);
 * const options = { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 };
 * adamwInPlace(
 *   arena,
 *   { param, grad: one(5), m: one(0), v: one(0), normSquares: one(25) },
 *   { ...options, step: 1, maxGradNorm: 0 },
 * );
 * assert(Math.abs((await arena.read(param))[0] - 0.9) < 1e-6); // the first step is lr long
 * ```
 *
 * @param param [G, P] f32, overwritten.
 * @param grad [G, P] f32, before clipping; borrowed.
 * @param m [G, P] f32 means of gradients, 0 at first; overwritten.
 * @param v [G, P] f32 means of squared gradients, 0 at first; overwritten.
 * @param normSquares [G] f32: Σ grad² of each member, the norm that is clipped; borrowed. It is read only
 * where `maxGradNorm` is not 0.
 * @throws {TypeError} If shapes do not fit.
 * @throws {RangeError} If an option is out of its range.
 * @see Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101
 */
export function adamwInPlace(
  arena: Arena,
  { param, grad, m, v, normSquares }: {
    param: Tensor;
    grad: Tensor;
    m: Tensor;
    v: Tensor;
    normSquares: Tensor;
  },
  options: AdamwOptions,
): void {
  const { lr, beta1, beta2, eps, weightDecay, step, maxGradNorm } = options;
  const [groups, size] = matrix("adamwInPlace", "param", param);
  for (const [name, tensor] of Object.entries({ grad, m, v })) {
    matrix("adamwInPlace", name, tensor, groups, size);
  }
  length("adamwInPlace", "normSquares", normSquares, groups);
  const fits: [string, number, boolean, string][] = [
    ["lr", lr, lr >= 0, "a number from 0 up"],
    ["beta1", beta1, beta1 >= 0 && beta1 < 1, "0 to below 1"],
    ["beta2", beta2, beta2 >= 0 && beta2 < 1, "0 to below 1"],
    ["eps", eps, eps > 0, "a positive number"],
    ["weightDecay", weightDecay, weightDecay >= 0, "a number from 0 up"],
    ["step", step, Number.isInteger(step) && step >= 1, "a whole number from 1 up"],
    ["maxGradNorm", maxGradNorm, maxGradNorm >= 0, "a number from 0 up"],
  ];
  for (const [name, value, fit, wanted] of fits) {
    if (!(fit && Number.isFinite(value))) {
      throw new RangeError(`Cannot run adamwInPlace: ${name} is ${value}, expected ${wanted}`);
    }
  }
  const c1 = 1 - beta1 ** step, c2 = 1 - beta2 ** step;
  arena.dispatch(adamwInPlaceKernel, {
    bind: { grad, normSquares, param, m, v },
    params: {
      groups,
      size,
      lr,
      beta1,
      beta2,
      eps,
      weightDecay,
      c1,
      c2,
      maxGradNorm,
      mix1: 1 - beta1,
      mix2: 1 - beta2,
      keep: 1 - lr * weightDecay,
      rate: lr / c1,
    },
  });
}
