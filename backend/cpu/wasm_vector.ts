/**
 * Vector kernels in WebAssembly: softmax pieces, RMSNorm, AdamW and sums, all f32, any
 * n ≥ 0, forward and backward together. Four lanes a time; the tail runs the same formula.
 *
 * Deterministic: a sum over n floats is 16 interleaved partial sums and one fixed tree.
 *
 * @module
 */
import type { FunctionBuilder } from "./assembler.ts";
import { f32, f32x4, f64, i32, i32x4, type Local, v128, type Value } from "./instructions.ts";
import type { LaneAccess, LaneKit } from "./wasm_lanes.ts";

/** expInPlace, rowMax, expSubSum, scaleInPlace: what a softmax row is made of. */
export function addSoftmax(kit: LaneKit): void {
  const m = kit.module;
  // x = exp(x)
  m.exported("expInPlace", { x: "i32", n: "i32" }, "void", (f, { x, n }) => {
    const exp = kit.exp(f);
    kit.eachVector(f, n, [x], 1, (io) => io.store(x, exp(io.load(x))));
  });
  // max x
  m.exported("rowMax", { x: "i32", n: "i32" }, "f32", (f, { x, n }) => {
    f.return(kit.max(f, n, x));
  });
  // x = exp(x − m), Σ x
  m.exported("expSubSum", { x: "i32", n: "i32", m: "f32" }, "f32", (f, p) => {
    const exp = kit.exp(f);
    const top = f.local("v128", f32x4.splat(p.m));
    f.return(kit.sum(f, p.n, [p.x], (io, sum) => {
      // Past the end −∞ comes in, so that 0 is added.
      const e = f.local("v128", exp(f32x4.sub(io.load(p.x, -Infinity), top)));
      io.store(p.x, e);
      return f32x4.add(sum, e);
    }));
  });
  // x = s·x
  m.exported("scaleInPlace", { x: "i32", n: "i32", s: "f32" }, "void", (f, { x, n, s }) => {
    const scale = f.local("v128", f32x4.splat(s));
    kit.eachVector(f, n, [x], 1, (io) => io.store(x, f32x4.mul(io.load(x), scale)));
  });
}

/** axpy, add, dot, sumSquares. */
export function addLinear(kit: LaneKit): void {
  const m = kit.module;
  // y = a·x + y
  m.exported("axpy", { x: "i32", y: "i32", n: "i32", a: "f32" }, "void", (f, { x, y, n, a }) => {
    const scale = f.local("v128", f32x4.splat(a));
    kit.eachVector(f, n, [x, y], 1, (io) => {
      io.store(y, kit.madd(scale, io.load(x), io.load(y)));
    });
  });
  // z = x + y
  m.exported("add", { x: "i32", y: "i32", z: "i32", n: "i32" }, "void", (f, { x, y, z, n }) => {
    kit.eachVector(f, n, [x, y, z], 1, (io) => io.store(z, f32x4.add(io.load(x), io.load(y))));
  });
  // Σ x·y
  m.exported("dot", { x: "i32", y: "i32", n: "i32" }, "f32", (f, { x, y, n }) => {
    f.return(kit.sum(f, n, [x, y], (io, sum) => kit.madd(io.load(x), io.load(y), sum)));
  });
  // Σ x²
  m.exported("sumSquares", { x: "i32", n: "i32" }, "f32", (f, { x, n }) => {
    f.return(sumOfSquares(kit, f, n, x));
  });
}

function sumOfSquares(
  kit: LaneKit,
  f: FunctionBuilder,
  n: Local<"i32">,
  x: Local<"i32">,
): Local<"f32"> {
  return kit.sum(f, n, [x], (io, sum) => {
    const value = f.local("v128", io.load(x));
    return kit.madd(value, value, sum);
  });
}

/** rmsNorm, rmsNormBackward. */
export function addRmsNorm(kit: LaneKit): void {
  // inv = 1 / √(Σ x² / cols + eps), y = x·inv·w
  const forward = {
    x: "i32",
    w: "i32",
    y: "i32",
    rows: "i32",
    cols: "i32",
    eps: "f32",
    invOut: "i32",
  } as const;
  kit.module.exported("rmsNorm", forward, "void", (f, p) => {
    eachRow(f, p.rows, p.cols, [p.x, p.y], (row) => {
      const x = f.local("i32", p.x);
      const sum = sumOfSquares(kit, f, row(), x);
      const mean = f32.div(sum, f32.convertI32U(p.cols));
      const inv = f.local("f32", f32.div(1, f32.sqrt(f32.add(mean, p.eps))));
      f.store(p.invOut, inv);
      f.increase(p.invOut, 4);
      const scale = f.local("v128", f32x4.splat(inv));
      const [xs, ws, ys] = [p.x, p.w, p.y].map((pointer) => f.local("i32", pointer));
      kit.eachVector(f, row(), [xs, ws, ys], 1, (io) => {
        io.store(ys, f32x4.mul(f32x4.mul(io.load(xs), scale), io.load(ws)));
      });
    });
  });
  // dx = inv·w·dy − x·inv³·(Σ x·w·dy) / cols (+ dx)
  const backward = {
    x: "i32",
    w: "i32",
    inv: "i32",
    dy: "i32",
    dx: "i32",
    rows: "i32",
    cols: "i32",
    accumulate: "i32",
  } as const;
  kit.module.exported("rmsNormBackward", backward, "void", (f, p) => {
    const keep = f.local("v128", i32x4.splat(i32.sub(0, p.accumulate))); // all ones or zeros
    eachRow(f, p.rows, p.cols, [p.x, p.dy, p.dx], (row) => {
      const pointers = () => [p.x, p.w, p.dy].map((pointer) => f.local("i32", pointer));
      const [x, w, dy] = pointers();
      const sum = kit.sum(f, row(), [x, w, dy], (io, sum) => {
        return kit.madd(f32x4.mul(io.load(w), io.load(dy)), io.load(x), sum);
      });
      const inv = f.local("f32", f32.load(p.inv));
      f.increase(p.inv, 4);
      const scale = f.local("v128", f32x4.splat(inv));
      const cube = f32.mul(f32.mul(inv, inv), inv);
      const mean = f32.div(sum, f32.convertI32U(p.cols));
      const pull = f.local("v128", f32x4.splat(f32.mul(f32.sub(0, cube), mean)));
      const [xs, ws, dys] = pointers();
      const dxs = f.local("i32", p.dx);
      kit.eachVector(f, row(), [xs, ws, dys, dxs], 1, (io) => {
        const before = v128.and(io.load(dxs), keep);
        const slope = f32x4.mul(io.load(ws), io.load(dys));
        io.store(dxs, kit.madd(pull, io.load(xs), kit.madd(scale, slope, before)));
      });
    });
  });
}

/** Runs `body` for each row; `row()` is a fresh counter of its length, pointers step by rows. */
function eachRow(
  f: FunctionBuilder,
  rows: Local<"i32">,
  cols: Local<"i32">,
  pointers: readonly Local<"i32">[],
  body: (row: () => Local<"i32">) => void,
): void {
  f.while(i32.gtS(rows, 0), () => {
    body(() => f.local("i32", cols));
    for (const pointer of pointers) f.increase(pointer, i32.shl(cols, 2));
    f.increase(rows, -1);
  });
}

/**
 * adamw: one step of AdamW (Loshchilov and Hutter 2019, alg. 2, in PyTorch's order), and adamwCheck: 0 where all that
 * it would write is finite, else NaN. The scalars come as f64 and are combined before they are rounded:
 * 1 − fround(0.999) would be off by 1e-5.
 */
export function addAdamw(kit: LaneKit): void {
  const params = {
    p: "i32",
    g: "i32",
    m: "i32",
    v: "i32",
    n: "i32",
    lr: "f64",
    b1: "f64",
    b2: "f64",
    eps: "f64",
    wd: "f64",
    c1: "f64",
    c2: "f64",
    clip: "f64",
  } as const;
  /** What becomes of four numbers. */
  const step = (
    f: FunctionBuilder,
    a: { readonly [name in keyof typeof params]: Local<typeof params[name]> },
  ) => {
    const splat = (x: Value<"f64">) => f.local("v128", f32x4.splat(f32.demoteF64(x)));
    const [b1, b2, clip, eps] = [a.b1, a.b2, a.clip, a.eps].map(splat);
    const mixM = splat(f64.sub(1, a.b1));
    const mixV = splat(f64.sub(1, a.b2));
    const decay = splat(f64.sub(1, f64.mul(a.lr, a.wd)));
    const rate = splat(f64.sub(0, f64.div(a.lr, a.c1)));
    const correct = splat(f64.div(1, a.c2));
    return (io: LaneAccess) => {
      // g' = clip·g; m = b1·m + (1 − b1)·g'; v = b2·v + (1 − b2)·g'²
      const g = f.local("v128", f32x4.mul(io.load(a.g), clip));
      const m = f.local("v128", kit.madd(mixM, g, f32x4.mul(b1, io.load(a.m))));
      const v = f.local("v128", kit.madd(f32x4.mul(mixV, g), g, f32x4.mul(b2, io.load(a.v))));
      // p = (1 − lr·wd)·p − (lr / c1)·m / (√(v / c2) + eps)
      const root = f32x4.sqrt(f32x4.mul(v, correct));
      const update = f32x4.div(m, f32x4.add(root, eps));
      const p = f.local("v128", kit.madd(rate, update, f32x4.mul(io.load(a.p), decay)));
      return { m, v, p };
    };
  };
  kit.module.exported("adamw", params, "void", (f, a) => {
    const next = step(f, a);
    kit.eachVector(f, a.n, [a.p, a.g, a.m, a.v], 1, (io) => {
      const { m, v, p } = next(io);
      io.store(a.m, m);
      io.store(a.v, v);
      io.store(a.p, p);
    });
  });
  kit.module.exported("adamwCheck", params, "f32", (f, a) => {
    const next = step(f, a);
    f.return(kit.sum(f, a.n, [a.p, a.g, a.m, a.v], (io, sum) => {
      // x − x is 0 for every finite number, NaN for any other.
      const { m, v, p } = next(io);
      const zeros = [m, v, p].map((x) => f32x4.sub(x, x));
      return zeros.reduce((a, b) => f32x4.add(a, b), sum);
    }));
  });
}
