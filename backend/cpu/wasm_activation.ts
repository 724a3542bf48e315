/**
 * Gated activations a(g)·u in WebAssembly, a(g) = g·Φ(g), and their gradients: Φ is the logistic
 * function for silu, the normal distribution for gelu, its tanh approximation for geluTanh.
 *
 * @module
 */
import { NEAR, NEAR_SQUARES, PEAK, PER_ROOT_8, TAIL, TANH } from "../normal_cdf.ts";
import type { FunctionBuilder } from "./assembler.ts";
import { f32x4, type Local, v128, type Value } from "./instructions.ts";
import type { LaneKit } from "./wasm_lanes.ts";

type Vector = Value<"v128">;

/** Φ(x), and what gives Φ′(x) where it is wanted. */
interface Distribution {
  readonly phi: Local<"v128">;
  readonly density: () => Vector;
}

/** Builds Φ: once outside the loop, for the constants; the result inside. */
type Build = (kit: LaneKit, f: FunctionBuilder) => (x: Local<"v128">) => Distribution;

const keepIn = (f: FunctionBuilder) => (x: number) => f.local("v128", f32x4.splat(x));

/** Φ = 1 / (1 + exp(−x)), Φ′ = Φ·(1 − Φ). */
const logistic: Build = (kit, f) => {
  const exp = kit.exp(f), one = keepIn(f)(1);
  return (x) => {
    const phi = f.local("v128", f32x4.div(one, f32x4.add(one, exp(f32x4.sub(0, x)))));
    return { phi, density: () => f32x4.mul(phi, f32x4.sub(one, phi)) };
  };
};

/** Φ near 0 and in the tail, both computed, one kept; Φ′ = exp(−x²/2) / √(2π). */
const normal: Build = (kit, f) => {
  const exp = kit.exp(f), keep = keepIn(f);
  const near = NEAR.map(keep), tail = TAIL.map(keep);
  const [half, one, nearSquares, perRoot8] = [0.5, 1, NEAR_SQUARES, PER_ROOT_8].map(keep);
  const [minusHalf, peak] = [-0.5, PEAK].map(keep);
  const polynomial = (coefficients: readonly Local<"v128">[], x: Vector) => {
    const sum = f.local("v128", coefficients[coefficients.length - 1]);
    for (const c of coefficients.slice(0, -1).reverse()) f.set(sum, kit.madd(sum, x, c));
    return sum;
  };
  const choose = (mask: Vector, yes: Vector, no: Vector) =>
    v128.or(v128.and(yes, mask), v128.andNot(no, mask));
  return (x) => {
    const square = f.local("v128", f32x4.mul(x, x));
    const e = f.local("v128", exp(f32x4.mul(minusHalf, square)));
    const size = f32x4.max(x, f32x4.sub(0, x));
    const t = f.local("v128", f32x4.div(one, kit.madd(perRoot8, size, one)));
    const rest = f.local("v128", f32x4.mul(f32x4.mul(e, t), polynomial(tail, t)));
    const far = choose(f32x4.lt(x, 0), rest, f32x4.sub(one, rest));
    const middle = kit.madd(x, polynomial(near, square), half);
    const isNear = f.local("v128", f32x4.lt(square, nearSquares));
    return {
      phi: f.local("v128", choose(isNear, middle, far)),
      density: () => f32x4.mul(peak, e),
    };
  };
};

/** Φ = σ(v), v = 2√(2/π)·(x + 0.044715x³); Φ′ = e^(−v)·Φ²·v′. */
const tanh: Build = (kit, f) => {
  const exp = kit.exp(f), keep = keepIn(f), { SLOPE, CUBIC, MOST } = TANH;
  const [minus, minusCubic] = [-SLOPE, -SLOPE * CUBIC].map(keep);
  const [plus, plusCubic] = [SLOPE, 3 * SLOPE * CUBIC].map(keep);
  const [one, most, least] = [1, MOST, -MOST].map(keep);
  return (all) => {
    const x = f.local("v128", f32x4.pmax(f32x4.pmin(all, most), least));
    const square = f.local("v128", f32x4.mul(x, x));
    const minusV = f32x4.mul(x, kit.madd(minusCubic, square, minus));
    const e = f.local("v128", exp(minusV));
    const phi = f.local("v128", f32x4.div(one, f32x4.add(one, e)));
    return {
      phi,
      density: () =>
        f32x4.mul(f32x4.mul(f32x4.mul(e, phi), phi), kit.madd(plusCubic, square, plus)),
    };
  };
};

/** siluMul, geluMul, geluTanhMul: h = g·Φ·u; with Backward: dg = dh·u·(Φ + g·Φ′), du = dh·g·Φ. */
export function addActivations(kit: LaneKit): void {
  const m = kit.module;
  const builds: readonly (readonly [string, Build])[] = [
    ["siluMul", logistic],
    ["geluMul", normal],
    ["geluTanhMul", tanh],
  ];
  for (const [name, build] of builds) {
    m.exported(name, { g: "i32", u: "i32", h: "i32", n: "i32" }, "void", (f, p) => {
      const distribution = build(kit, f);
      kit.eachVector(f, p.n, [p.g, p.u, p.h], 1, (io) => {
        const g = f.local("v128", io.load(p.g));
        const { phi } = distribution(g);
        io.store(p.h, f32x4.mul(f32x4.mul(g, phi), io.load(p.u)));
      });
    });
    const params = { g: "i32", u: "i32", dh: "i32", dg: "i32", du: "i32", n: "i32" } as const;
    m.exported(`${name}Backward`, params, "void", (f, p) => {
      const distribution = build(kit, f);
      kit.eachVector(f, p.n, [p.g, p.u, p.dh, p.dg, p.du], 1, (io) => {
        const g = f.local("v128", io.load(p.g));
        const u = f.local("v128", io.load(p.u));
        const dh = f.local("v128", io.load(p.dh));
        const { phi, density } = distribution(g);
        io.store(p.dg, f32x4.mul(f32x4.mul(dh, u), kit.madd(g, density(), phi)));
        io.store(p.du, f32x4.mul(f32x4.mul(dh, phi), g));
      });
    });
  }
}
