// AdamW in place, each member's gradient clipped by its own norm (Loshchilov & Hutter 2019, alg. 2, torch's order):
// g' = min(1, max/(‖g‖ + 1e-6))·g; m = β₁m + (1 − β₁)g'; v = β₂v + (1 − β₂)g'²;
// p = (1 − lr·λ)p − lr·(m/c₁)/(√(v/c₂) + ε), c = 1 − βᵗ. Axes: G members, P parameters each.
// A member of which the gradient's norm or any number that would be written is not finite keeps all its numbers, so a
// first pass only looks: reads 16GP bytes. The update reads 16GP and writes 12GP, elementwise: deterministic. 1 − β
// and the like are made in f64 on the host.
import type { Arena } from "../arena.ts";
import { length, matrix } from "../checks.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import { sizeOf, type Tensor } from "../tensor.ts";
import { BLOCKS } from "./block_wgsl.ts";
import { addCountsInPlace, anyInBlockWgsl, NON_FINITE_WGSL } from "./finite.ts";

/** Added to a norm before it divides: what clips stays finite. */
const CLIP_EPS = 1e-6;

const OPTIONS = [
  ["groups", "u32"],
  ["size", "u32"],
  ["lr", "f32", "cpu"],
  ["beta1", "f32"],
  ["beta2", "f32"],
  ["eps", "f32"],
  ["weightDecay", "f32", "cpu"],
  ["c1", "f32", "cpu"], // 1 − β₁ᵗ
  ["c2", "f32"], // 1 − β₂ᵗ
  ["maxGradNorm", "f32"],
  ["mix1", "f32", "webgpu"], // 1 − β₁: from f32 β₂ = 0.999 it would be off by 1e-5
  ["mix2", "f32", "webgpu"], // 1 − β₂
  ["keep", "f32", "webgpu"], // 1 − lr·λ
  ["rate", "f32", "webgpu"], // lr / c₁
] as const satisfies Kernel["params"];

/** WGSL of what becomes of number i: `mean`, `square` and `next`. */
const UPDATE = /* wgsl */ `
  var clip = 1.0;
  if (p.maxGradNorm > 0.0) {
    clip = min(1.0, p.maxGradNorm / (sqrt(normSquares[i / p.size]) + CLIP_EPS));
  }
  let g = clip * grad[i];
  let mean = p.beta1 * m[i] + p.mix1 * g;
  let square = p.beta2 * v[i] + p.mix2 * g * g;
  let next = p.keep * param[i] - p.rate * mean / (sqrt(square / p.c2) + p.eps);`;

/** Binds grad, param, m, v [G, P], normSquares [G]; part u32 [G, ⌈P/4096⌉] is 1 for a block that must not be written. */
export const adamwCheckKernel: Kernel = defineKernel({
  name: "adamwCheck",
  bindings: [
    { name: "grad", access: "read" },
    { name: "normSquares", access: "read" },
    { name: "param", access: "read" },
    { name: "m", access: "read" },
    { name: "v", access: "read" },
    { name: "part", access: "read_write", type: "u32" },
  ],
  params: OPTIONS,
  fixed: [],
  constants: { ...BLOCKS, CLIP_EPS },
  wgsl: () =>
    /* wgsl */ `${NON_FINITE_WGSL}
fn isWrong(i: u32) -> bool {${UPDATE}
  return isNonFinite(normSquares[i / p.size]) || isNonFinite(grad[i]) || isNonFinite(param[i]) ||
    isNonFinite(m[i]) || isNonFinite(v[i]) || isNonFinite(mean) || isNonFinite(square) ||
    isNonFinite(next);
}
${anyInBlockWgsl({ groups: "p.groups", size: "p.size", test: "isWrong(start + i)" })}`,
  workgroups: (p, f) => grid(p.groups * Math.ceil(p.size / f.BLOCK), 1),
  cpu: [{
    tasks: (p, f) => p.groups * Math.ceil(p.size / f.BLOCK),
    run: ({ b, p, f, wasm }, lo, hi) => {
      const blocks = Math.ceil(p.size / f.BLOCK);
      const options = [p.lr, p.beta1, p.beta2, p.eps, p.weightDecay, p.c1, p.c2] as const;
      for (let task = lo; task < hi; task++) {
        const group = Math.floor(task / blocks), first = (task % blocks) * f.BLOCK;
        const norm = Math.sqrt(b.normSquares[group]);
        const clip = p.maxGradNorm > 0 ? Math.min(1, p.maxGradNorm / (norm + f.CLIP_EPS)) : 1;
        const at = (view: Float32Array) => view.byteOffset + 4 * (group * p.size + first);
        const n = Math.min(f.BLOCK, p.size - first), [x, g] = [at(b.param), at(b.grad)];
        const zero = wasm.adamwCheck(x, g, at(b.m), at(b.v), n, ...options, clip);
        b.part[task] = zero === 0 && Number.isFinite(norm) ? 0 : 1;
      }
    },
  }],
});

/** Binds grad [G, P], normSquares [G], skip u32 [G] or [1]; param, m, v [G, P] are overwritten where it is 0. */
export const adamwInPlaceKernel: Kernel = defineKernel({
  name: "adamwInPlace",
  bindings: [
    { name: "grad", access: "read" },
    { name: "normSquares", access: "read" },
    { name: "skip", access: "read", type: "u32" },
    { name: "param", access: "read_write" },
    { name: "m", access: "read_write" },
    { name: "v", access: "read_write" },
  ],
  params: [...OPTIONS, ["skipStride", "u32"]],
  fixed: [],
  constants: { TASK: 8192, CLIP_EPS },
  wgsl: () =>
    /* wgsl */ `${eachThreadWgsl("i", "p.groups * p.size")}
  if (skip[p.skipStride * (i / p.size)] != 0u) { return; }
  ${UPDATE}
  m[i] = mean;
  v[i] = square;
  param[i] = next;
}`,
  workgroups: (p) => grid(p.groups * p.size),
  cpu: [{
    // A task is up to TASK parameters of one member.
    tasks: (p, f) => p.groups * Math.ceil(p.size / f.TASK),
    run: ({ b, p, f, wasm }, lo, hi) => {
      const blocks = Math.ceil(p.size / f.TASK);
      const options = [p.lr, p.beta1, p.beta2, p.eps, p.weightDecay, p.c1, p.c2] as const;
      for (let task = lo; task < hi; task++) {
        const group = Math.floor(task / blocks), first = (task % blocks) * f.TASK;
        if (b.skip[p.skipStride * group] !== 0) continue;
        const norm = Math.sqrt(b.normSquares[group]);
        const clip = p.maxGradNorm > 0 ? Math.min(1, p.maxGradNorm / (norm + f.CLIP_EPS)) : 1;
        const at = (view: Float32Array) => view.byteOffset + 4 * (group * p.size + first);
        const n = Math.min(f.TASK, p.size - first);
        wasm.adamw(at(b.param), at(b.grad), at(b.m), at(b.v), n, ...options, clip);
      }
    },
  }],
});

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

/** What a step of AdamW reads and writes. */
export interface AdamwTensors {
  /** [G, P] f32, overwritten. */
  readonly param: Tensor;
  /** [G, P] f32, before clipping; borrowed. */
  readonly grad: Tensor;
  /** [G, P] f32 means of gradients, 0 at first; overwritten. */
  readonly m: Tensor;
  /** [G, P] f32 means of squared gradients, 0 at first; overwritten. */
  readonly v: Tensor;
  /** [G] f32: Σ grad² of each member, the norm that is clipped; borrowed. */
  readonly normSquares: Tensor;
}

/**
 * Look at one step of AdamW without taking it: a member's count grows by the blocks of 4096 parameters in which a
 * gradient, a parameter, a moment, or what would become of them is NaN or infinite, and by all of them where the
 * gradient's norm is. A sum of squares that overflows counts as infinite.
 *
 * @example
 * ```ts
 * import { adamwCheckInPlace, Arena, openDevice } from "@leash/bpo/backend";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const two = (x: number, y: number) => arena.upload([2, 1], new Float32Array([x, y]), "two");
 * const tensors = { param: two(1, 1), grad: two(1, NaN), m: two(0, 0), v: two(0, 0) };
 * const normSquares = two(1, NaN), count = arena.zeros([2], "count", "u32");
 * const options = { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 };
 * adamwCheckInPlace(arena, { ...tensors, normSquares }, count, { ...options, step: 1, maxGradNorm: 1 });
 * assertEquals(await arena.read(count), new Uint32Array([0, 1])); // the second must not be updated
 * ```
 *
 * @param tensors As {@linkcode adamwInPlace} takes them; all borrowed.
 * @param count [G] u32: grows.
 * @throws {TypeError} If shapes do not fit.
 * @throws {RangeError} If an option is out of its range.
 */
export function adamwCheckInPlace(
  arena: Arena,
  tensors: AdamwTensors,
  count: Tensor,
  options: AdamwOptions,
): void {
  const params = checked("adamwCheckInPlace", tensors, options), { groups, size } = params;
  length("adamwCheckInPlace", "count", count, groups);
  const part = arena.alloc([groups, Math.ceil(size / BLOCKS.BLOCK)], "adamwCheck.part", "u32");
  const { grad, normSquares, param, m, v } = tensors;
  arena.dispatch(adamwCheckKernel, { bind: { grad, normSquares, param, m, v, part }, params });
  addCountsInPlace(arena, { part, count });
  arena.release(part);
}

/**
 * One step of AdamW for all members, in place on param, m and v. A member keeps all of them, bit for bit, where `skip`
 * is not 0; without `skip`, where {@linkcode adamwCheckInPlace} finds that the step is not one of finite numbers.
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
 * @param tensors Parameters, gradients, moments and norms; with `skip`, [G] or [1] u32 for all members alike, borrowed.
 * @returns The `skip` that was obeyed: given, or [G] in `arena`.
 * @throws {TypeError} If shapes do not fit.
 * @throws {RangeError} If an option is out of its range.
 * @see Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101
 */
export function adamwInPlace(
  arena: Arena,
  { skip: given, ...tensors }: AdamwTensors & { readonly skip?: Tensor },
  options: AdamwOptions,
): Tensor {
  const params = checked("adamwInPlace", tensors, options), { groups } = params;
  let skip = given;
  if (skip === undefined) {
    skip = arena.zeros([groups], "skip", "u32");
    adamwCheckInPlace(arena, tensors, skip, options);
  }
  const shared = sizeOf(skip.shape) === 1;
  if (!shared) length("adamwInPlace", "skip", skip, groups);
  const { grad, normSquares, param, m, v } = tensors;
  arena.dispatch(adamwInPlaceKernel, {
    bind: { grad, normSquares, skip, param, m, v },
    params: { ...params, skipStride: shared ? 0 : 1 },
  });
  return skip;
}

/** The kernels' params, once shapes and options were found right. */
function checked(op: string, tensors: AdamwTensors, options: AdamwOptions) {
  const { lr, beta1, beta2, eps, weightDecay, step, maxGradNorm } = options;
  const { param, grad, m, v, normSquares } = tensors;
  const [groups, size] = matrix(op, "param", param);
  for (const [name, tensor] of Object.entries({ grad, m, v })) {
    matrix(op, name, tensor, groups, size);
  }
  length(op, "normSquares", normSquares, groups);
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
      throw new RangeError(`Cannot run ${op}: ${name} is ${value}, expected ${wanted}`);
    }
  }
  const c1 = 1 - beta1 ** step, c2 = 1 - beta2 ** step;
  return {
    ...{ groups, size, lr, beta1, beta2, eps, weightDecay, c1, c2, maxGradNorm },
    mix1: 1 - beta1,
    mix2: 1 - beta2,
    keep: 1 - lr * weightDecay,
    rate: lr / c1,
  };
}
