// Activations a(g) = g·Φ(g), plain and gated (h = a(g)·u), and their gradients. Φ is the logistic function for silu, the
// normal distribution for gelu, its tanh approximation σ(2√(2/π)·(g + 0.044715g³)) for geluTanh; a′ = Φ + g·Φ′.
// Reads its inputs and writes its outputs once, 4 bytes an element, about 20 flop; no sums, so deterministic.
//
// The normal Φ is that of normal_cdf.ts. In f32 its part near 0 loses at most four roundings of 0.42 and one of the result,
// and the tail is below 0.079 with exp within (3 + g²) ulp of it: erf(g/√2) = 2Φ − 1 is within 2e-7 of the truth on every
// device (1.8e-7 is the worst of 2,000,001 numbers in [−14, 14]).
import type { Arena } from "../arena.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import { sizeOf, type Tensor } from "../tensor.ts";
import { length } from "../checks.ts";
import { NEAR, NEAR_SQUARES, PEAK, PER_ROOT_8, TAIL, TANH } from "../normal_cdf.ts";

/** What an activation is called: g·σ(g), g·½(1 + erf(g/√2)), or the latter's tanh approximation. */
export type Activation = "silu" | "gelu" | "geluTanh";

const ACT: Readonly<Record<Activation, number>> = { silu: 0, gelu: 1, geluTanh: 2 };

const horner = (x: string, coefficients: readonly number[]): string =>
  coefficients.reduceRight((sum, c) => sum === "" ? `${c}` : `(${c} + ${x} * ${sum})`, "");

/** WGSL `cdf(x)`: Φ(x) and Φ′(x). Arguments are kept where exp neither overflows nor matters. */
const CDF: readonly string[] = [
  /* wgsl */ `
fn cdf(x: f32) -> vec2<f32> {
  let e = exp(-max(x, -80.0));
  let s = 1.0 / (1.0 + e);
  return vec2<f32>(s, e * s * s);
}`,
  /* wgsl */ `
fn cdf(x: f32) -> vec2<f32> {
  let s = x * x;
  let e = exp(-min(0.5 * s, 87.0));
  let density = ${PEAK} * e;
  if (s < f32(${NEAR_SQUARES})) { return vec2<f32>(0.5 + x * ${horner("s", NEAR)}, density); }
  let t = 1.0 / (1.0 + ${PER_ROOT_8} * abs(x));
  let tail = e * t * ${horner("t", TAIL)};
  return vec2<f32>(select(1.0 - tail, tail, x < 0.0), density);
}`,
  /* wgsl */ `
fn cdf(all: f32) -> vec2<f32> {
  let x = clamp(all, -f32(${TANH.MOST}), f32(${TANH.MOST}));
  let s = x * x;
  let e = exp(-${TANH.SLOPE} * x * (1.0 + ${TANH.CUBIC} * s));
  let phi = 1.0 / (1.0 + e);
  return vec2<f32>(phi, e * phi * phi * ${TANH.SLOPE} * (1.0 + ${3 * TANH.CUBIC} * s));
}`,
];

/** What the four kernels take beside their bindings. */
const SHARED = {
  params: [["n", "u32"]],
  fixed: ["ACT"],
  constants: { CHUNK: 4096 },
  workgroups: (p: { readonly n: number }) => grid(p.n),
} as const;

/** One thread an element, `line` may use `i`, `x` = g[i] and `c` = cdf(x). */
const each = (line: string) => (f: { readonly ACT: number }): string =>
  /* wgsl */ `${CDF[f.ACT]}
${eachThreadWgsl("i", "p.n")}
  let x = g[i];
  let c = cdf(x);
  ${line}
}`;

/** Tasks of CHUNK elements. */
const chunks = (p: { readonly n: number }, f: { readonly CHUNK: number }): number =>
  Math.ceil(p.n / f.CHUNK);

/** h = a(g)·u: binds g, u, h [n]. */
export const activationMulKernel: Kernel = defineKernel({
  ...SHARED,
  name: "activationMul",
  bindings: [
    { name: "g", access: "read" },
    { name: "u", access: "read" },
    { name: "h", access: "read_write" },
  ],
  wgsl: each("h[i] = x * c.x * u[i];"),
  cpu: [{
    tasks: chunks,
    run: ({ b: { g, u, h }, p, f, wasm }, lo, hi) => {
      const forward = [wasm.siluMul, wasm.geluMul, wasm.geluTanhMul][f.ACT];
      for (let i = lo * f.CHUNK; i < Math.min(hi * f.CHUNK, p.n); i += f.CHUNK) {
        const at = 4 * i, n = Math.min(f.CHUNK, p.n - i);
        forward(g.byteOffset + at, u.byteOffset + at, h.byteOffset + at, n);
      }
    },
  }],
});

/** dg = dh·u·a′(g), du = dh·a(g): binds g, u, dh, dg, du [n]. */
export const activationMulBackwardKernel: Kernel = defineKernel({
  ...SHARED,
  name: "activationMulBackward",
  bindings: [
    { name: "g", access: "read" },
    { name: "u", access: "read" },
    { name: "dh", access: "read" },
    { name: "dg", access: "read_write" },
    { name: "du", access: "read_write" },
  ],
  wgsl: each("dg[i] = dh[i] * u[i] * (c.x + x * c.y);\n  du[i] = dh[i] * x * c.x;"),
  cpu: [{
    tasks: chunks,
    run: ({ b, p, f, wasm }, lo, hi) => {
      const { siluMulBackward, geluMulBackward, geluTanhMulBackward } = wasm;
      const backward = [siluMulBackward, geluMulBackward, geluTanhMulBackward][f.ACT];
      const g = b.g.byteOffset, u = b.u.byteOffset;
      const dh = b.dh.byteOffset, dg = b.dg.byteOffset, du = b.du.byteOffset;
      for (let i = lo * f.CHUNK; i < Math.min(hi * f.CHUNK, p.n); i += f.CHUNK) {
        const at = 4 * i, n = Math.min(f.CHUNK, p.n - i);
        backward(g + at, u + at, dh + at, dg + at, du + at, n);
      }
    },
  }],
});

/** h = a(g): binds g, h [n]. The twin gates with 1. */
export const activationKernel: Kernel = defineKernel({
  ...SHARED,
  name: "activation",
  bindings: [{ name: "g", access: "read" }, { name: "h", access: "read_write" }],
  wgsl: each("h[i] = x * c.x;"),
  cpu: [{
    tasks: chunks,
    run: ({ b: { g, h }, p, f, wasm, scratch, f32 }, lo, hi) => {
      const forward = [wasm.siluMul, wasm.geluMul, wasm.geluTanhMul][f.ACT];
      f32.fill(1, scratch / 4, scratch / 4 + f.CHUNK);
      for (let i = lo * f.CHUNK; i < Math.min(hi * f.CHUNK, p.n); i += f.CHUNK) {
        const n = Math.min(f.CHUNK, p.n - i);
        forward(g.byteOffset + 4 * i, scratch, h.byteOffset + 4 * i, n);
      }
    },
  }],
});

/** dg = dh·a′(g): binds g, dh, dg [n]. The twin gates with 1, and du goes where nobody looks. */
export const activationBackwardKernel: Kernel = defineKernel({
  ...SHARED,
  name: "activationBackward",
  bindings: [
    { name: "g", access: "read" },
    { name: "dh", access: "read" },
    { name: "dg", access: "read_write" },
  ],
  wgsl: each("dg[i] = dh[i] * (c.x + x * c.y);"),
  cpu: [{
    tasks: chunks,
    run: ({ b, p, f, wasm, scratch, f32 }, lo, hi) => {
      const { siluMulBackward, geluMulBackward, geluTanhMulBackward } = wasm;
      const backward = [siluMulBackward, geluMulBackward, geluTanhMulBackward][f.ACT];
      const g = b.g.byteOffset, dh = b.dh.byteOffset, dg = b.dg.byteOffset;
      const ones = scratch, unseen = scratch + 4 * f.CHUNK;
      f32.fill(1, ones / 4, ones / 4 + f.CHUNK);
      for (let i = lo * f.CHUNK; i < Math.min(hi * f.CHUNK, p.n); i += f.CHUNK) {
        const at = 4 * i, n = Math.min(f.CHUNK, p.n - i);
        backward(g + at, ones, dh + at, dg + at, unseen, n);
      }
    },
  }],
});

/**
 * The gate of a gated feed-forward layer: h = a(g)·u. SwiGLU's is "silu", GeGLU's "gelu".
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { activationMul, Arena, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const g = arena.upload([2], new Float32Array([0, 100]), "g");
 * const u = arena.upload([2], new Float32Array([5, 2]), "u");
 * assertEquals(await arena.read(activationMul(arena, "silu", g, u)), new Float32Array([0, 200]));
 * ```
 *
 * @param g f32 of any shape; borrowed.
 * @param u As many elements; borrowed.
 * @returns h with the shape of `g`, in `arena`.
 * @throws {TypeError} If the sizes differ.
 * @see Shazeer 2020, eq. 6, https://arxiv.org/abs/2002.05202
 */
export function activationMul(arena: Arena, kind: Activation, g: Tensor, u: Tensor): Tensor {
  const n = sizeOf(g.shape);
  length("activationMul", "u", u, n);
  const h = arena.alloc(g.shape, "activationMul.h");
  arena.dispatch(activationMulKernel, {
    bind: { g, u, h },
    params: { n },
    fixed: { ACT: ACT[kind] },
  });
  return h;
}

/**
 * Gradients of {@linkcode activationMul}: dg = dh·u·a′(g), du = dh·a(g).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { activationMulBackward, Arena, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const g = arena.upload([1], new Float32Array([0]), "g");
 * const u = arena.upload([1], new Float32Array([8]), "u");
 * const { dg } = activationMulBackward(arena, "silu", { g, u, dh: u });
 * assertEquals(await arena.read(dg), new Float32Array([32])); // 8 · 8 · silu'(0)
 * ```
 *
 * @returns `dg` and `du` with the shape of `g`, in `arena`.
 * @throws {TypeError} If the sizes differ.
 */
export function activationMulBackward(
  arena: Arena,
  kind: Activation,
  { g, u, dh }: { g: Tensor; u: Tensor; dh: Tensor },
): { dg: Tensor; du: Tensor } {
  const n = sizeOf(g.shape);
  length("activationMulBackward", "u", u, n);
  length("activationMulBackward", "dh", dh, n);
  const dg = arena.alloc(g.shape, "activationMul.dg");
  const du = arena.alloc(g.shape, "activationMul.du");
  arena.dispatch(activationMulBackwardKernel, {
    bind: { g, u, dh, dg, du },
    params: { n },
    fixed: { ACT: ACT[kind] },
  });
  return { dg, du };
}

/**
 * An activation of every element: h = a(g).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { activation, Arena, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const g = arena.upload([3], new Float32Array([-1, 0, 1]), "g");
 * const h = await arena.read(activation(arena, "gelu", g));
 * assertEquals([...h].map((v) => v.toFixed(4)), ["-0.1587", "0.0000", "0.8413"]);
 * ```
 *
 * @param g f32 of any shape; borrowed.
 * @returns h with the shape of `g`, in `arena`.
 * @see Hendrycks & Gimpel 2016, section 2, https://arxiv.org/abs/1606.08415
 */
export function activation(arena: Arena, kind: Activation, g: Tensor): Tensor {
  const h = arena.alloc(g.shape, "activation.h");
  const n = sizeOf(g.shape);
  arena.dispatch(activationKernel, { bind: { g, h }, params: { n }, fixed: { ACT: ACT[kind] } });
  return h;
}

/**
 * Gradient of {@linkcode activation}: dg = dh·a′(g).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { activationBackward, Arena, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const g = arena.upload([1], new Float32Array([0]), "g");
 * const dh = arena.upload([1], new Float32Array([8]), "dh");
 * assertEquals(await arena.read(activationBackward(arena, "gelu", { g, dh })), new Float32Array([4]));
 * ```
 *
 * @returns dg with the shape of `g`, in `arena`.
 * @throws {TypeError} If the sizes differ.
 */
export function activationBackward(
  arena: Arena,
  kind: Activation,
  { g, dh }: { g: Tensor; dh: Tensor },
): Tensor {
  const n = sizeOf(g.shape);
  length("activationBackward", "dh", dh, n);
  const dg = arena.alloc(g.shape, "activation.dg");
  arena.dispatch(activationBackwardKernel, {
    bind: { g, dh, dg },
    params: { n },
    fixed: { ACT: ACT[kind] },
  });
  return dg;
}
