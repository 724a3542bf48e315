/**
 * What every WebAssembly kernel shares: fused multiply-add (or not), loads and stores of fewer than
 * four lanes, the loop over vectors whose tail runs the same formula, sums in a fixed order, and
 * the exponential.
 *
 * @module
 */
import { type FunctionBuilder, ModuleBuilder } from "./assembler.ts";
import {
  call,
  f32,
  f32x4,
  type Func,
  i32,
  i32x4,
  type Lanes,
  type Local,
  type Operand,
  operand,
  select,
  v128,
  type Value,
} from "./instructions.ts";

type Vector = Value<"v128">;
type Pointer = Local<"i32">;

/** How the body of a vector loop reaches memory: four lanes, or what is left at the tail. */
export interface LaneAccess {
  /** Four floats; lanes past the end are `fill` (0 unless said). */
  load(pointer: Pointer, fill?: number): Vector;
  /** Stores four floats; lanes past the end are dropped. */
  store(pointer: Pointer, x: Vector): void;
}

/** The module under construction and the choices that all its kernels share. */
export class LaneKit {
  /** The module that the kernels go to. */
  readonly module: ModuleBuilder;
  readonly #fma: boolean;
  readonly #loadPart: Func<{ pointer: "i32"; count: "i32"; fill: "v128" }, "v128">;
  readonly #storePart: Func<{ pointer: "i32"; count: "i32"; x: "v128" }, "void">;

  /** @param options `fma`: use relaxed_madd; `shared`: the imported memory is shared. */
  constructor(options: { fma: boolean; shared: boolean }) {
    this.module = new ModuleBuilder(options);
    this.#fma = options.fma;
    this.#loadPart = this.module.internal(
      "loadPart",
      { pointer: "i32", count: "i32", fill: "v128" },
      "v128",
      (f, { pointer, count, fill }) => {
        f.if(i32.geS(count, 4), () => f.return(v128.load(pointer)));
        for (const lane of [0, 1, 2]) {
          f.if(i32.gtS(count, lane), () => {
            f.set(fill, v128.load32Lane(pointer, fill, lane, 4 * lane));
          });
        }
        f.return(fill);
      },
    );
    this.#storePart = this.module.internal(
      "storePart",
      { pointer: "i32", count: "i32", x: "v128" },
      "void",
      (f, { pointer, count, x }) => {
        f.if(
          i32.geS(count, 4),
          () => f.store(pointer, x),
          () => {
            for (const lane of [0, 1, 2]) {
              f.if(i32.gtS(count, lane), () => f.storeLane(pointer, x, lane, 4 * lane));
            }
          },
        );
      },
    );
  }

  /** x·y + z: rounded once with FMA, twice without. */
  madd(x: Lanes, y: Lanes, z: Lanes): Vector {
    return this.#fma ? f32x4.relaxedMadd(x, y, z) : f32x4.add(f32x4.mul(x, y), z);
  }

  /** The first `count` of four floats at `pointer` (any count; below 1 none, from 4 all). */
  loadPart(pointer: Value<"i32">, count: Value<"i32">, fill = 0): Vector {
    return call(this.#loadPart, { pointer, count, fill: f32x4.splat(fill) });
  }

  /** Stores the first `count` of four floats. */
  storePart(f: FunctionBuilder, pointer: Value<"i32">, count: Value<"i32">, x: Vector): void {
    f.run(call(this.#storePart, { pointer, count, x }));
  }

  /**
   * Runs `body` over n floats, four at a time, `unroll` vectors a turn (body's `u` says which), and
   * advances the pointers and n. The tail runs the same body as u = 0 with partial access.
   */
  eachVector(
    f: FunctionBuilder,
    n: Local<"i32">,
    pointers: readonly Pointer[],
    unroll: number,
    body: (io: LaneAccess, u: number) => void,
  ): void {
    const turns = unroll > 1 ? [unroll, 1] : [1];
    for (const width of turns) {
      f.while(i32.geS(n, 4 * width), () => {
        for (let u = 0; u < width; u++) {
          body({
            load: (p) => v128.load(p, 16 * u),
            store: (p, x) => f.store(p, x, 16 * u),
          }, u);
        }
        for (const p of pointers) f.increase(p, 16 * width);
        f.increase(n, -4 * width);
      });
    }
    f.if(i32.gtS(n, 0), () => {
      body({
        load: (p, fill) => this.loadPart(p, n, fill),
        store: (p, x) => this.storePart(f, p, n, x),
      }, 0);
    });
  }

  /**
   * Σ term over n floats in 16 interleaved partial sums and one fixed tree, as a scalar local.
   * `term(io, sum)` gives the new partial sum; lanes past the end must add nothing.
   */
  sum(
    f: FunctionBuilder,
    n: Local<"i32">,
    pointers: readonly Pointer[],
    term: (io: LaneAccess, sum: Vector) => Vector,
  ): Local<"f32"> {
    const sums = [0, 1, 2, 3].map(() => f.local("v128", f32x4.splat(0)));
    this.eachVector(f, n, pointers, 4, (io, u) => f.set(sums[u], term(io, sums[u])));
    const all = f.local("v128", this.#fold(sums, f32x4.add));
    return f.local("f32", horizontal(all, f32.add));
  }

  /** The largest of n floats (−∞ for none, NaN if one is). */
  max(f: FunctionBuilder, n: Local<"i32">, x: Pointer): Local<"f32"> {
    const tops = [0, 1, 2, 3].map(() => f.local("v128", f32x4.splat(-Infinity)));
    this.eachVector(f, n, [x], 4, (io, u) => {
      f.set(tops[u], f32x4.max(tops[u], io.load(x, -Infinity)));
    });
    const all = f.local("v128", this.#fold(tops, f32x4.max));
    return f.local("f32", horizontal(all, f32.max));
  }

  /**
   * exp(x) within 3e-7 relative where the result is a normal float; 0 below −87.3, +∞ above 88.73,
   * NaN for NaN. x = n·ln 2 + r with |r| ≤ ½ ln 2, exp(x) = 2ⁿ·Σ_{k≤7} rᵏ/k!; the series leaves
   * 6e-9. 2ⁿ is applied in two halves, so that n = 128 does not overflow early. Call it outside
   * the loop, where it keeps its constants in locals, and its result inside: V8 builds a vector
   * constant with four instructions wherever it stands.
   */
  exp(f: FunctionBuilder): (exponent: Vector) => Vector {
    const keep = (x: number) => f.local("v128", f32x4.splat(x));
    const lowest = keep(-87.3); // exp of it is still normal: subnormal arithmetic is slow
    const highest = keep(89);
    const perLn2 = keep(Math.LOG2E);
    const magic = keep(12582912); // adding 1.5·2²³ rounds to an integer, in the low mantissa bits
    const magicBits = f.local("v128", i32x4.splat(0x4b400000));
    const high = 0.693359375; // ln 2 to 9 bits: n·high is exact
    const [minusHigh, rest] = [keep(-high), keep(high - Math.LN2)];
    const [leading, ...coefficients] = [5040, 720, 120, 24, 6, 2, 1].map((k) => keep(1 / k));
    const one = coefficients[coefficients.length - 1];
    const bias = f.local("v128", i32x4.splat(127));
    return (exponent) => {
      const x = f.local("v128", exponent);
      // pmin and pmax keep their first operand where it is NaN.
      const t = f.local("v128", f32x4.pmax(f32x4.pmin(x, highest), lowest));
      const biased = f.local("v128", this.madd(t, perLn2, magic));
      const n = f.local("v128", f32x4.sub(biased, magic));
      const r = f.local("v128", this.madd(n, minusHigh, t));
      f.set(r, this.madd(n, rest, r));
      const series = f.local("v128", leading);
      for (const c of [...coefficients, one]) f.set(series, this.madd(series, r, c));
      const bits = f.local("v128", i32x4.sub(biased, magicBits));
      const half = f.local("v128", i32x4.shrS(bits, 1));
      const power = (e: Vector) => i32x4.shl(i32x4.add(e, bias), 23);
      const scaled = f32x4.mul(f32x4.mul(series, power(half)), power(i32x4.sub(bits, half)));
      return v128.andNot(scaled, f32x4.lt(x, lowest));
    };
  }

  #fold(x: readonly Vector[], op: (a: Vector, b: Vector) => Vector): Vector {
    return op(op(x[0], x[1]), op(x[2], x[3]));
  }
}

/** Combines the four lanes of a local: (0 ∘ 1) ∘ (2 ∘ 3). */
export function horizontal(
  x: Local<"v128">,
  op: (a: Value<"f32">, b: Value<"f32">) => Value<"f32">,
): Value<"f32"> {
  const lane = (i: number) => f32x4.extractLane(x, i);
  return op(op(lane(0), lane(1)), op(lane(2), lane(3)));
}

/** The smaller of two integers. */
export function minimum(x: Value<"i32">, y: Operand<"i32">): Value<"i32"> {
  return select(x, operand("i32", y), i32.ltS(x, y));
}

/** Columns of a 4 × 4 block given as rows. */
export function transpose4(f: FunctionBuilder, rows: readonly Local<"v128">[]): Vector[] {
  const [a, b, c, d] = rows;
  const low = [0, 4, 1, 5] as const;
  const high = [2, 6, 3, 7] as const;
  const ab01 = f.local("v128", v128.shuffle32(a, b, low));
  const cd01 = f.local("v128", v128.shuffle32(c, d, low));
  const ab23 = f.local("v128", v128.shuffle32(a, b, high));
  const cd23 = f.local("v128", v128.shuffle32(c, d, high));
  return [
    v128.shuffle32(ab01, cd01, [0, 1, 4, 5]),
    v128.shuffle32(ab01, cd01, [2, 3, 6, 7]),
    v128.shuffle32(ab23, cd23, [0, 1, 4, 5]),
    v128.shuffle32(ab23, cd23, [2, 3, 6, 7]),
  ];
}
