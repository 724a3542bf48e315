/**
 * Matrix multiplication in WebAssembly: C = α·A·B (+ C), all f32, A and C row-major, B packed once
 * in panels of 8 columns, [⌈N/8⌉][K][8].
 *
 * The kernel holds 5 (or 4) rows × 8 columns of C in registers: 10 accumulators, 2 vectors of B, one
 * of A, of the 15 that V8 gives out. It reads A by broadcasting loads and walks k in turns of 8.
 * Blocks of KC = 1024 in k keep a panel in the first cache (32 kB), blocks of MC = 60 rows keep A in
 * the second.
 *
 * Deterministic: an element of C is one chain over k in order, broken only at multiples of KC,
 * whichever kernel its row falls to, so rows may be split over threads anywhere.
 *
 * @module
 */
import {
  call,
  f32,
  f32x4,
  type Func,
  i32,
  type Local,
  type Operand,
  v128,
  type Value,
} from "./instructions.ts";
import type { FunctionBuilder } from "./assembler.ts";
import { horizontal, type LaneKit, minimum } from "./wasm_lanes.ts";
import { bytes, PANEL } from "./wasm_pack.ts";
import { range } from "../range.ts";

const KC = 1024;
const MC = 60; // a multiple of 5 and 4
/** Floating-point operations in one iteration of `peak`: 4 turns × 12 chains × 4 lanes × 2. */
export const PEAK_FLOP: number = 4 * 12 * 4 * 2;

type Int = Value<"i32">;

const TILE_PARAMS = {
  a: "i32", // first row of A, from the k block's first column
  lda: "i32", // bytes
  panel: "i32", // B's panel from the k block's first row
  c: "i32",
  ldc: "i32", // bytes
  depth: "i32", // k's in this block, ≥ 1
  tiles: "i32", // how many groups of rows
  alpha: "f32",
  accumulate: "i32",
} as const;
type TileKernel = Func<typeof TILE_PARAMS, "void">;

/** C[rows·tiles, 8] = α·A·panel (+ C): the register kernel, `rows` rows at a time. */
function addTiles(kit: LaneKit, rows: number): TileKernel {
  return kit.module.internal(`tiles${rows}`, TILE_PARAMS, "void", (f, p) => {
    f.while(i32.gtS(p.tiles, 0), () => {
      const a = [f.local("i32", p.a)];
      for (let i = 1; i < rows; i++) a.push(f.local("i32", i32.add(a[i - 1], p.lda)));
      const b = f.local("i32", p.panel);
      const k = f.local("i32", p.depth);
      const sums = range(rows).map(() => range(2).map(() => f.local("v128", f32x4.splat(0))));
      for (const unroll of [8, 1]) {
        f.while(i32.geS(k, unroll), () => {
          for (let u = 0; u < unroll; u++) addOuterProduct(kit, f, a, b, sums, u);
          for (const row of a) f.increase(row, 4 * unroll);
          f.increase(b, 4 * PANEL * unroll);
          f.increase(k, -unroll);
        });
      }
      const alpha = f.local("v128", f32x4.splat(p.alpha));
      const eachSum = (finish: (sum: Local<"v128">, offset: number) => Value<"v128">) => {
        sums.forEach((row, i) => {
          row.forEach((sum, half) => f.store(p.c, finish(sum, 16 * half), 16 * half));
          if (i + 1 < rows) f.increase(p.c, p.ldc);
        });
      };
      f.if(
        p.accumulate,
        () => eachSum((sum, offset) => kit.madd(alpha, sum, v128.load(p.c, offset))),
        () => eachSum((sum) => f32x4.mul(alpha, sum)),
      );
      f.increase(p.c, p.ldc);
      f.increase(p.a, i32.mul(p.lda, rows));
      f.increase(p.tiles, -1);
    });
  });
}

/** sums += A[:, k + u] ⊗ B[k + u, :]. */
function addOuterProduct(
  kit: LaneKit,
  f: FunctionBuilder,
  a: readonly Local<"i32">[],
  b: Local<"i32">,
  sums: readonly (readonly Local<"v128">[])[],
  u: number,
): void {
  const columns = range(2).map((half) => f.local("v128", v128.load(b, 4 * PANEL * u + 16 * half)));
  a.forEach((row, i) => {
    const element = f.local("v128", v128.load32Splat(row, 4 * u));
    columns.forEach((column, half) => {
      f.set(sums[i][half], kit.madd(element, column, sums[i][half]));
    });
  });
}

/** Copies `columns` (< 8) columns of `rows` rows between rows of `from` and `to` bytes. */
function addCopyColumns(kit: LaneKit) {
  const params = {
    source: "i32",
    from: "i32",
    target: "i32",
    to: "i32",
    rows: "i32",
    columns: "i32",
  } as const;
  return kit.module.internal("copyColumns", params, "void", (f, p) => {
    const rest = f.local("i32", i32.sub(p.columns, 4));
    f.while(i32.gtS(p.rows, 0), () => {
      kit.storePart(f, p.target, p.columns, kit.loadPart(p.source, p.columns));
      f.if(i32.gtS(rest, 0), () => {
        kit.storePart(f, i32.add(p.target, 16), rest, kit.loadPart(i32.add(p.source, 16), rest));
      });
      f.increase(p.source, p.from);
      f.increase(p.target, p.to);
      f.increase(p.rows, -1);
    });
  });
}

/** gemm(a, lda, bp, c, ldc, K, N, m0, m1, alpha, accumulate, scratch): see `WasmKernels`. */
export function addGemm(kit: LaneKit): void {
  const [fives, fours, ones] = [5, 4, 1].map((rows) => addTiles(kit, rows));
  const copyColumns = addCopyColumns(kit);
  const params = {
    a: "i32",
    lda: "i32",
    bp: "i32",
    c: "i32",
    ldc: "i32",
    K: "i32",
    N: "i32",
    m0: "i32",
    m1: "i32",
    alpha: "f32",
    accumulate: "i32",
    scratch: "i32",
  } as const;
  kit.module.exported("gemm", params, "void", (f, p) => {
    const lda = f.local("i32", bytes(p.lda));
    const ldc = f.local("i32", bytes(p.ldc));
    const k0 = f.local("i32", 0);
    f.while(i32.ltS(k0, p.K), () => {
      const depth = f.local("i32", i32.sub(p.K, k0));
      f.set(depth, minimum(depth, KC));
      const m = f.local("i32", p.m0);
      f.while(i32.ltS(m, p.m1), () => {
        const rows = f.local("i32", i32.sub(p.m1, m));
        f.set(rows, minimum(rows, MC));
        const a = f.local("i32", i32.add(p.a, i32.add(i32.mul(m, lda), bytes(k0))));
        const c = f.local("i32", i32.add(p.c, i32.mul(m, ldc)));
        const panel = f.local("i32", i32.add(p.bp, i32.shl(k0, 5)));
        const left = f.local("i32", p.N);
        // 5·count5 + 4·count4 = rows where that has a solution (from 12 rows on), else 4's and 1's.
        const count4 = f.local("i32", i32.remU(i32.mul(rows, 4), 5));
        f.if(i32.gtS(i32.mul(count4, 4), rows), () => f.set(count4, i32.shrU(rows, 2)));
        const rest = i32.sub(rows, i32.mul(count4, 4));
        const count5 = f.local("i32", i32.divU(rest, 5));
        const from4 = f.local("i32", i32.mul(count5, 5));
        const from1 = f.local("i32", i32.add(from4, i32.mul(count4, 4)));
        const block = (target: Int, ldc: Int) => {
          const run = (kernel: TileKernel, from: Operand<"i32">, tiles: Int) => {
            const [aFrom, cFrom] = [
              i32.add(a, i32.mul(from, lda)),
              i32.add(target, i32.mul(from, ldc)),
            ];
            const { alpha, accumulate } = p;
            const args = { a: aFrom, lda, panel, c: cFrom, ldc, depth, tiles, alpha, accumulate };
            f.run(call(kernel, args));
          };
          run(fives, 0, count5);
          run(fours, from4, count4);
          run(ones, from1, i32.sub(rows, from1));
        };
        f.while(i32.geS(left, PANEL), () => {
          block(c, ldc);
          f.increase(panel, i32.shl(p.K, 5));
          f.increase(c, 4 * PANEL);
          f.increase(left, -PANEL);
        });
        f.if(i32.gtS(left, 0), () => {
          const stride = f.local("i32", 4 * PANEL);
          const common = { rows, columns: left };
          f.if(p.accumulate, () => {
            const copy = { source: c, from: ldc, target: p.scratch, to: stride, ...common };
            f.run(call(copyColumns, copy));
          });
          block(p.scratch, stride);
          f.run(
            call(copyColumns, {
              source: p.scratch,
              from: stride,
              target: c,
              to: ldc,
              ...common,
            }),
          );
        });
        f.increase(m, MC);
      });
      f.set(p.accumulate, 1); // the next block of k adds to this one
      f.increase(k0, KC);
    });
  });
}

/** peak(iters): twelve independent chains x = x·a + b in registers, PEAK_FLOP a turn. */
export function addPeak(kit: LaneKit): void {
  kit.module.exported("peak", { iters: "i32" }, "f32", (f, { iters }) => {
    const scale = f.local("v128", f32x4.splat(0.5));
    const shift = f.local("v128", f32x4.splat(1));
    const chains = range(12).map((i) => f.local("v128", f32x4.splat(i)));
    f.while(i32.gtS(iters, 0), () => {
      for (let turn = 0; turn < 4; turn++) {
        for (const x of chains) f.set(x, kit.madd(x, scale, shift));
      }
      f.increase(iters, -1);
    });
    const total = chains.slice(1).reduce<Value<"v128">>((sum, x) => f32x4.add(sum, x), chains[0]);
    f.return(horizontal(f.local("v128", total), f32.add));
  });
}
