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
import { horizontal, type LaneKit, minimum, transpose4 } from "./wasm_lanes.ts";

const KC = 1024;
const MC = 60; // a multiple of 5 and 4
const PANEL = 8;
/** Floating-point operations in one iteration of `peak`: 4 turns × 12 chains × 4 lanes × 2. */
export const PEAK_FLOP: number = 4 * 12 * 4 * 2;

type Int = Value<"i32">;
const bytes = (elements: Int): Int => i32.shl(elements, 2);
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

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

/** packB(src, ld, transposed, K, N, dst, p0, p1): see `WasmKernels`. */
export function addPackB(kit: LaneKit): void {
  const rows = addPackRows(kit);
  const columns = addPackColumns(kit);
  const params = {
    src: "i32",
    ld: "i32",
    transposed: "i32",
    K: "i32",
    N: "i32",
    dst: "i32",
    p0: "i32",
    p1: "i32",
  } as const;
  kit.module.exported("packB", params, "void", (f, p) => {
    const ld = f.local("i32", bytes(p.ld));
    const panelBytes = f.local("i32", i32.shl(p.K, 5));
    f.while(i32.ltS(p.p0, p.p1), () => {
      const n = f.local("i32", i32.shl(p.p0, 3));
      const args = {
        ld,
        K: p.K,
        count: i32.sub(p.N, n),
        dst: i32.add(p.dst, i32.mul(p.p0, panelBytes)),
      };
      f.if(
        p.transposed,
        () => f.run(call(columns, { src: i32.add(p.src, i32.mul(n, ld)), ...args })),
        () => f.run(call(rows, { src: i32.add(p.src, bytes(n)), ...args })),
      );
      f.increase(p.p0, 1);
    });
  });
}

const PACK_PARAMS = { src: "i32", ld: "i32", K: "i32", count: "i32", dst: "i32" } as const;

/** dst[k][0..8) = src[k·ld + 0..count), zero from count on. */
function addPackRows(kit: LaneKit): Func<typeof PACK_PARAMS, "void"> {
  return kit.module.internal("packRows", PACK_PARAMS, "void", (f, { src, ld, K, count, dst }) => {
    const each = (low: Value<"v128">, high: Value<"v128">) => {
      f.while(i32.gtS(K, 0), () => {
        f.store(dst, low);
        f.store(dst, high, 16);
        f.increase(src, ld);
        f.increase(dst, 32);
        f.increase(K, -1);
      });
    };
    f.if(
      i32.geS(count, PANEL),
      () => each(v128.load(src), v128.load(src, 16)),
      () =>
        each(
          kit.loadPart(src, count),
          kit.loadPart(i32.add(src, 16), i32.sub(count, 4)),
        ),
    );
  });
}

/** dst[k][0..8) = src[(0..count)·ld + k], zero from count on. */
function addPackColumns(kit: LaneKit): Func<typeof PACK_PARAMS, "void"> {
  return kit.module.internal("packColumns", PACK_PARAMS, "void", (f, p) => {
    const source = [f.local("i32", p.src)];
    for (let i = 1; i < PANEL; i++) source.push(f.local("i32", i32.add(source[i - 1], p.ld)));
    const block = (
      load: (i: number) => Local<"v128">,
      store: (column: Value<"v128">, k: number, offset: number) => void,
    ) => {
      for (const half of [0, 4]) {
        transpose4(f, range(4).map((i) => load(half + i)))
          .forEach((column, k) => store(column, k, 4 * (PANEL * k + half)));
      }
      for (const row of source) f.increase(row, 16);
      f.increase(p.dst, 4 * 4 * PANEL);
      f.increase(p.K, -4);
    };
    f.if(i32.geS(p.count, PANEL), () => {
      f.while(i32.geS(p.K, 4), () => {
        block(
          (i) => f.local("v128", v128.load(source[i])),
          (column, _, offset) => f.store(p.dst, column, offset),
        );
      });
    });
    f.while(i32.gtS(p.K, 0), () => {
      block((i) => {
        const part = f.local("v128", f32x4.splat(0));
        f.if(i32.gtS(p.count, i), () => f.set(part, kit.loadPart(source[i], p.K)));
        return part;
      }, (column, k, offset) => {
        f.if(i32.gtS(p.K, k), () => f.store(p.dst, column, offset));
      });
    });
  });
}

/** packTransposedA(src, ld, rows, cols, dst): see `WasmKernels`. */
export function addPackTransposedA(kit: LaneKit): void {
  const params = { src: "i32", ld: "i32", rows: "i32", cols: "i32", dst: "i32" } as const;
  kit.module.exported("packTransposedA", params, "void", (f, p) => {
    const ld = f.local("i32", bytes(p.ld));
    const stride = f.local("i32", bytes(p.rows));
    // Bands of 16 rows write whole cache lines, then bands of 4; partial access at the edges.
    for (const band of [16, 4]) {
      f.while(i32.gtS(p.rows, band === 16 ? 15 : 0), () => {
        const source = [f.local("i32", p.src)];
        for (let i = 1; i < band; i++) source.push(f.local("i32", i32.add(source[i - 1], ld)));
        const target = f.local("i32", p.dst);
        const left = f.local("i32", p.cols);
        f.if(i32.geS(p.rows, band), () => {
          f.while(i32.geS(left, 4), () => {
            for (let i = 0; i < band; i += 4) {
              const rows = source.slice(i, i + 4).map((row) => f.local("v128", v128.load(row)));
              const to = f.local("i32", target);
              for (const column of transpose4(f, rows)) {
                f.store(to, column, 4 * i);
                f.increase(to, stride);
              }
            }
            for (const row of source) f.increase(row, 16);
            f.increase(target, i32.shl(stride, 2));
            f.increase(left, -4);
          });
        });
        f.while(i32.gtS(left, 0), () => {
          source.forEach((row, i) => {
            f.if(i32.gtS(p.rows, i), () => f.store(target, f32.load(row), 4 * i));
            f.increase(row, 4);
          });
          f.increase(target, stride);
          f.increase(left, -1);
        });
        f.increase(p.src, i32.mul(ld, band));
        f.increase(p.dst, 4 * band);
        f.increase(p.rows, -band);
      });
    }
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
