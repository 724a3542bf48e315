// Packing for the matrix product in WebAssembly: panels of B, and the transpose that makes an A of AᵀB.
import { call, f32, f32x4, type Func, i32, type Local, v128, type Value } from "./instructions.ts";
import { type LaneKit, transpose4 } from "./wasm_lanes.ts";
import { range } from "../range.ts";

/** Columns of a panel of B. */
export const PANEL = 8;

/** Bytes of so many elements. */
export const bytes = (elements: Value<"i32">): Value<"i32"> => i32.shl(elements, 2);

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
