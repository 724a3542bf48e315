// Elementwise ops: z = x + y; rows times a number each; SwiGLU h = silu(g)·u (Shazeer 2020, eq. 6) and its gradients;
// z = x + t·(y − x). Each reads its inputs and writes its outputs once (4 bytes an element); no sums, so deterministic.
import type { Arena } from "../arena.ts";
import { type CpuContext, grid, type Kernel } from "../kernel.ts";
import { sizeOf, type Tensor } from "../tensor.ts";
import { length, matrix } from "../checks.ts";

/** One thread an element; `line` may use `i`. */
const each = (line: string): string => /* wgsl */ `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = flatIndex(group, groups, 64u, local);
  if (i >= p.n) { return; }
  ${line}
}`;

/** Tasks of 4096 elements. */
const chunks = (p: Readonly<Record<string, number>>): number => Math.ceil(p.n / 4096);

/** z = x + y: binds x, y, z [n]. */
export const addKernel: Kernel = {
  name: "add",
  bindings: [
    { name: "x", access: "read" },
    { name: "y", access: "read" },
    { name: "z", access: "read_write" },
  ],
  params: [["n", "u32"]],
  fixed: [],
  wgsl: () => each("z[i] = x[i] + y[i];"),
  workgroups: (p) => grid(p.n),
  cpu: [{ tasks: chunks, run: addTwin }],
};

function addTwin({ b, p, wasm }: CpuContext, lo: number, hi: number): void {
  const at = (view: Float32Array) => view.byteOffset + lo * 4096 * 4;
  wasm.add(at(b.x), at(b.y), at(b.z), Math.min(hi * 4096, p.n) - lo * 4096);
}

/** y = s[row]·x: binds x, y [rows, D], s [rows]. */
export const scaleRowsKernel: Kernel = {
  name: "scaleRows",
  bindings: [
    { name: "x", access: "read" },
    { name: "s", access: "read" },
    { name: "y", access: "read_write" },
  ],
  params: [["n", "u32"]],
  fixed: ["D"],
  wgsl: () => each("y[i] = s[i / D] * x[i];"),
  workgroups: (p) => grid(p.n),
  cpu: [{ tasks: (p, f) => Math.ceil(p.n / f.D / 64), run: scaleRowsTwin }],
};

function scaleRowsTwin({ b, p, f, wasm }: CpuContext, lo: number, hi: number): void {
  const from = lo * 64, to = Math.min(hi * 64, p.n / f.D);
  b.y.set(b.x.subarray(from * f.D, to * f.D), from * f.D);
  for (let r = from; r < to; r++) wasm.scaleInPlace(b.y.byteOffset + 4 * r * f.D, f.D, b.s[r]);
}

/** h = silu(g)·u: binds g, u, h [n]. */
export const siluMulKernel: Kernel = {
  name: "siluMul",
  bindings: [
    { name: "g", access: "read" },
    { name: "u", access: "read" },
    { name: "h", access: "read_write" },
  ],
  params: [["n", "u32"]],
  fixed: [],
  // Below −80 exp would overflow; silu is below 1e-32 there.
  wgsl: () => each("h[i] = g[i] / (1.0 + exp(-max(g[i], -80.0))) * u[i];"),
  workgroups: (p) => grid(p.n),
  cpu: [{ tasks: chunks, run: siluMulTwin }],
};

function siluMulTwin({ b, p, wasm }: CpuContext, lo: number, hi: number): void {
  const at = (view: Float32Array) => view.byteOffset + lo * 4096 * 4;
  wasm.siluMul(at(b.g), at(b.u), at(b.h), Math.min(hi * 4096, p.n) - lo * 4096);
}

/** dg = dh·u·σ·(1 + g·(1 − σ)), du = dh·g·σ, σ = 1 / (1 + exp(−g)): binds g, u, dh, dg, du [n]. */
export const siluMulBackwardKernel: Kernel = {
  name: "siluMulBackward",
  bindings: [
    { name: "g", access: "read" },
    { name: "u", access: "read" },
    { name: "dh", access: "read" },
    { name: "dg", access: "read_write" },
    { name: "du", access: "read_write" },
  ],
  params: [["n", "u32"]],
  fixed: [],
  wgsl: () =>
    each(`let e = exp(-max(g[i], -80.0));
  let s = 1.0 / (1.0 + e);
  dg[i] = dh[i] * u[i] * s * (1.0 + g[i] * (e * s));
  du[i] = dh[i] * g[i] * s;`),
  workgroups: (p) => grid(p.n),
  cpu: [{ tasks: chunks, run: siluMulBackwardTwin }],
};

function siluMulBackwardTwin({ b, p, wasm }: CpuContext, lo: number, hi: number): void {
  const at = (view: Float32Array) => view.byteOffset + lo * 4096 * 4;
  const n = Math.min(hi * 4096, p.n) - lo * 4096;
  wasm.siluMulBackward(at(b.g), at(b.u), at(b.dh), at(b.dg), at(b.du), n);
}

/** z = x + t·(y − x): binds x, y, z [n]. */
export const lerpKernel: Kernel = {
  name: "lerp",
  bindings: [
    { name: "x", access: "read" },
    { name: "y", access: "read" },
    { name: "z", access: "read_write" },
  ],
  params: [["n", "u32"], ["t", "f32"]],
  fixed: [],
  wgsl: () => each("z[i] = x[i] + p.t * (y[i] - x[i]);"),
  workgroups: (p) => grid(p.n),
  cpu: [{ tasks: chunks, run: lerpTwin }],
};

// Scalar: adapters only, once a step at most. f64 inside, so that t = 1 gives y and equal inputs themselves.
function lerpTwin({ b, p }: CpuContext, lo: number, hi: number): void {
  const { x, y, z } = b, { t } = p;
  const to = Math.min(hi * 4096, p.n);
  for (let i = lo * 4096; i < to; i++) z[i] = x[i] + t * (y[i] - x[i]);
}

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
 * SwiGLU's gate: h = silu(g)·u, silu(g) = g / (1 + exp(−g)).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, openDevice, siluMul } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const g = arena.upload([2], new Float32Array([0, 100]), "g");
 * const u = arena.upload([2], new Float32Array([5, 2]), "u");
 * assertEquals(await arena.read(siluMul(arena, g, u)), new Float32Array([0, 200]));
 * ```
 *
 * @param g f32 of any shape; borrowed.
 * @param u As many elements; borrowed.
 * @returns h with the shape of `g`, in `arena`.
 * @throws {TypeError} If the sizes differ.
 * @see Shazeer 2020, eq. 6, https://arxiv.org/abs/2002.05202
 */
export function siluMul(arena: Arena, g: Tensor, u: Tensor): Tensor {
  const n = sizeOf(g.shape);
  length("siluMul", "u", u, n);
  const h = arena.alloc(g.shape, "siluMul.h");
  arena.dispatch(siluMulKernel, { bind: { g, u, h }, params: { n } });
  return h;
}

/**
 * Gradients of {@linkcode siluMul}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, openDevice, siluMulBackward } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const g = arena.upload([1], new Float32Array([0]), "g");
 * const u = arena.upload([1], new Float32Array([8]), "u");
 * const { dg } = siluMulBackward(arena, { g, u, dh: u });
 * assertEquals(await arena.read(dg), new Float32Array([32])); // 8 · 8 · silu'(0)
 * ```
 *
 * @returns `dg` and `du` with the shape of `g`, in `arena`.
 * @throws {TypeError} If the sizes differ.
 */
export function siluMulBackward(
  arena: Arena,
  { g, u, dh }: { g: Tensor; u: Tensor; dh: Tensor },
): { dg: Tensor; du: Tensor } {
  const n = sizeOf(g.shape);
  length("siluMulBackward", "u", u, n);
  length("siluMulBackward", "dh", dh, n);
  const dg = arena.alloc(g.shape, "siluMul.dg"), du = arena.alloc(g.shape, "siluMul.du");
  arena.dispatch(siluMulBackwardKernel, { bind: { g, u, dh, dg, du }, params: { n } });
  return { dg, du };
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
