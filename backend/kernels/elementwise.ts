// Elementwise ops: z = x + y; rows times a number each, or all times one; z = x + t·(y − x).
// Each reads its inputs and writes its outputs once (4 bytes an element); no sums, so deterministic.
import type { Arena } from "../arena.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import { sizeOf, type Tensor } from "../tensor.ts";
import { length, matrix } from "../checks.ts";

/** One thread an element; `line` may use `i`. */
const each = (line: string): string =>
  /* wgsl */ `${eachThreadWgsl("i", "p.n")}
  ${line}
}`;

/** Elements of a task of the twins. */
const TASKS = { TASK: 4096 } as const;
const tasks = (p: { readonly n: number }, f: { readonly TASK: number }): number =>
  Math.ceil(p.n / f.TASK);

/** z = x + y: binds x, y, z [n]. */
export const addKernel: Kernel = defineKernel({
  name: "add",
  bindings: [
    { name: "x", access: "read" },
    { name: "y", access: "read" },
    { name: "z", access: "read_write" },
  ],
  params: [["n", "u32"]],
  fixed: [],
  constants: TASKS,
  wgsl: () => each("z[i] = x[i] + y[i];"),
  workgroups: (p) => grid(p.n),
  cpu: [{
    tasks,
    run: ({ b, p, f: { TASK }, wasm }, lo, hi) => {
      const at = (view: Float32Array) => view.byteOffset + 4 * lo * TASK;
      wasm.add(at(b.x), at(b.y), at(b.z), Math.min(hi * TASK, p.n) - lo * TASK);
    },
  }],
});

/** y = s[row]·x: binds x, y [rows, D], s [rows]. */
export const scaleRowsKernel: Kernel = defineKernel({
  name: "scaleRows",
  bindings: [
    { name: "x", access: "read" },
    { name: "s", access: "read" },
    { name: "y", access: "read_write" },
  ],
  params: [["n", "u32"]],
  fixed: ["D"],
  constants: { TASK: 64 }, // rows
  wgsl: () => each("y[i] = s[i / D] * x[i];"),
  workgroups: (p) => grid(p.n),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.n / f.D / f.TASK),
    run: ({ b, p, f, wasm }, lo, hi) => {
      const { D, TASK } = f, from = lo * TASK, to = Math.min(hi * TASK, p.n / D);
      b.y.set(b.x.subarray(from * D, to * D), from * D);
      for (let r = from; r < to; r++) wasm.scaleInPlace(b.y.byteOffset + 4 * r * D, D, b.s[r]);
    },
  }],
});

/** y = factor·x: binds x, y [n]. */
export const scaleKernel: Kernel = defineKernel({
  name: "scale",
  bindings: [{ name: "x", access: "read" }, { name: "y", access: "read_write" }],
  params: [["n", "u32"], ["factor", "f32"]],
  fixed: [],
  constants: TASKS,
  wgsl: () => each("y[i] = p.factor * x[i];"),
  workgroups: (p) => grid(p.n),
  cpu: [{
    tasks,
    run: ({ b, p, f: { TASK }, wasm }, lo, hi) => {
      const from = lo * TASK, to = Math.min(hi * TASK, p.n);
      b.y.set(b.x.subarray(from, to), from);
      wasm.scaleInPlace(b.y.byteOffset + 4 * from, to - from, p.factor);
    },
  }],
});

/** z = x + t·(y − x): binds x, y, z [n]. */
export const lerpKernel: Kernel = defineKernel({
  name: "lerp",
  bindings: [
    { name: "x", access: "read" },
    { name: "y", access: "read" },
    { name: "z", access: "read_write" },
  ],
  params: [["n", "u32"], ["t", "f32"]],
  fixed: [],
  constants: TASKS,
  wgsl: () => each("z[i] = x[i] + p.t * (y[i] - x[i]);"),
  workgroups: (p) => grid(p.n),
  cpu: [{
    // Scalar: adapters only, once a step at most. f64 inside, so that t = 1 gives y and equal inputs themselves.
    tasks,
    run: ({ b, p, f: { TASK } }, lo, hi) => {
      const { x, y, z } = b, { t } = p;
      const to = Math.min(hi * TASK, p.n);
      for (let i = lo * TASK; i < to; i++) z[i] = x[i] + t * (y[i] - x[i]);
    },
  }],
});

/**
 * Sum of two tensors.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { add, Arena, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "x");
 * assertEquals(await arena.read(add(arena, x, x)), new Float32Array([2, 4, 6, 8]));
 * ```
 *
 * @param x f32 of any shape; borrowed.
 * @param y As many elements; borrowed.
 * @returns x + y with the shape of `x`, in `arena`.
 * @throws {TypeError} If the sizes differ.
 */
export function add(arena: Arena, x: Tensor, y: Tensor): Tensor {
  const n = sizeOf(x.shape);
  length("add", "y", y, n);
  const z = arena.alloc(x.shape, "add.z");
  arena.dispatch(addKernel, { bind: { x, y, z }, params: { n } });
  return z;
}

/**
 * Each row times its own number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, openDevice, scaleRows } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "x");
 * const s = arena.upload([2], new Float32Array([10, -1]), "s");
 * assertEquals(await arena.read(scaleRows(arena, x, s)), new Float32Array([10, 20, -3, -4]));
 * ```
 *
 * @param x [H, D] f32; borrowed.
 * @param s [H] f32; borrowed.
 * @returns y [H, D] = s[row]·x, in `arena`.
 * @throws {TypeError} If `s` has not one number a row.
 */
export function scaleRows(arena: Arena, x: Tensor, s: Tensor): Tensor {
  const [H, D] = matrix("scaleRows", "x", x);
  length("scaleRows", "s", s, H);
  const y = arena.alloc([H, D], "scaleRows.y");
  arena.dispatch(scaleRowsKernel, { bind: { x, s, y }, params: { n: H * D }, fixed: { D } });
  return y;
}

/**
 * A tensor times a number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, openDevice, scale } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2], new Float32Array([1, -2]), "x");
 * assertEquals(await arena.read(scale(arena, x, 0.5)), new Float32Array([0.5, -1]));
 * ```
 *
 * @param x f32 of any shape; borrowed.
 * @param factor Finite; rounded to f32.
 * @returns factor·x with the shape of `x`, in `arena`.
 */
export function scale(arena: Arena, x: Tensor, factor: number): Tensor {
  const y = arena.alloc(x.shape, "scale.y");
  arena.dispatch(scaleKernel, { bind: { x, y }, params: { n: sizeOf(x.shape), factor } });
  return y;
}

/**
 * Linear interpolation: z = x + t·(y − x).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, lerp, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "x");
 * const y = arena.zeros([2, 2], "y");
 * assertEquals(await arena.read(lerp(arena, x, y, 0.5)), new Float32Array([0.5, 1, 1.5, 2]));
 * ```
 *
 * @param x f32 of any shape; borrowed.
 * @param y As many elements; borrowed.
 * @param t 0 gives `x`, 1 gives `y`.
 * @returns z with the shape of `x`, in `arena`.
 * @throws {TypeError} If the sizes differ.
 */
export function lerp(arena: Arena, x: Tensor, y: Tensor, t: number): Tensor {
  const n = sizeOf(x.shape);
  length("lerp", "y", y, n);
  const z = arena.alloc(x.shape, "lerp.z");
  arena.dispatch(lerpKernel, { bind: { x, y, z }, params: { n, t } });
  return z;
}
