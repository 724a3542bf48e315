/**
 * Widening narrow storage (backend/quantise.ts) to f32: groups of eight elements of a row, each group
 * to its own place. Bit for bit what `dequantise` says.
 *
 * @module
 */
import type { FunctionBuilder } from "./assembler.ts";
import { f32x4, i32, i32x4, type Local, v128, type Value } from "./instructions.ts";
import type { LaneKit } from "./wasm_lanes.ts";
import { QUANT_BLOCK } from "../quantise.ts";

type Vector = Value<"v128">;
type Halves = (bits: Vector) => Vector;

/** widenF16, widenInt8, widenInt4: see `WasmKernels`. */
export function addWiden(kit: LaneKit): void {
  const ends = { dst: "i32", from: "i32", to: "i32", step: "i32" } as const;
  const m = kit.module;
  m.exported("widenF16", { src: "i32", ...ends }, "void", (f, p) => {
    const halves = halvesToFloats(f);
    const source = f.local("i32", i32.add(p.src, i32.shl(p.from, 4)));
    eachGroup(f, p, () => {
      f.store(p.dst, halves(v128.load16x4U(source)));
      f.store(p.dst, halves(v128.load16x4U(source, 8)), 16);
      f.increase(source, 16);
    });
  });
  m.exported("widenInt8", { src: "i32", scales: "i32", ...ends }, "void", (f, p) => {
    const source = f.local("i32", i32.add(p.src, i32.shl(p.from, 3)));
    eachGroup(f, p, () => {
      const scale = f.local("v128", v128.load32Splat(scaleOf(p.scales, p.from)));
      const eight = f.local("v128", v128.load8x8S(source));
      f.store(p.dst, f32x4.mul(f32x4.convertI32x4S(i32x4.extendLowI16x8S(eight)), scale));
      f.store(p.dst, f32x4.mul(f32x4.convertI32x4S(i32x4.extendHighI16x8S(eight)), scale), 16);
      f.increase(source, 8);
    });
  });
  m.exported("widenInt4", { src: "i32", scales: "i32", ...ends }, "void", (f, p) => {
    const halves = halvesToFloats(f);
    // The four steps of half a word stand 0, 4, 8 and 12 bits up: d comes divided by as much, which is exact.
    const masks = f.local("v128", v128.ints(0xf, 0xf0, 0xf00, 0xf000));
    const down = f.local("v128", v128.floats(1, 2 ** -4, 2 ** -8, 2 ** -12));
    const low16 = f.local("v128", i32x4.splat(0xffff));
    const source = f.local("i32", i32.add(p.src, i32.shl(p.from, 2)));
    eachGroup(f, p, () => {
      const both = f.local("v128", v128.load32Splat(scaleOf(p.scales, p.from)));
      const d = f.local("v128", f32x4.mul(halves(v128.and(both, low16)), down));
      const m = f.local("v128", halves(i32x4.shrU(both, 16)));
      const word = f.local("v128", v128.load32Splat(source));
      [word, i32x4.shrU(word, 16)].forEach((bits, half) => {
        const steps = f32x4.convertI32x4U(v128.and(bits, masks));
        f.store(p.dst, f32x4.add(f32x4.mul(steps, d), m), 16 * half);
      });
      f.increase(source, 4);
    });
  });
}

/** Address of the scale of a group of eight: the groups of a block share one. */
function scaleOf(scales: Local<"i32">, group: Local<"i32">): Value<"i32"> {
  return i32.add(scales, i32.shl(i32.shrU(group, Math.log2(QUANT_BLOCK / 8)), 2));
}

/** Runs `body` for groups from ≤ group < to, `dst` a step further each time. */
function eachGroup(
  f: FunctionBuilder,
  p: { readonly [name in "dst" | "from" | "to" | "step"]: Local<"i32"> },
  body: () => void,
): void {
  f.while(i32.ltS(p.from, p.to), () => {
    body();
    f.increase(p.dst, p.step);
    f.increase(p.from, 1);
  });
}

/**
 * Halves, one in the low bits of each lane and nothing above, to floats: exponent and fraction moved
 * to where a float has them are a number 2¹¹² too small, subnormal or not.
 */
function halvesToFloats(f: FunctionBuilder): Halves {
  const keep = (x: number) => f.local("v128", i32x4.splat(x));
  const [size, sign, up] = [keep(0x7fff), keep(0x8000), f.local("v128", f32x4.splat(2 ** 112))];
  return (bits) => {
    const half = f.local("v128", bits);
    const value = f32x4.mul(i32x4.shl(v128.and(half, size), 13), up);
    return v128.or(value, i32x4.shl(v128.and(half, sign), 16));
  };
}
