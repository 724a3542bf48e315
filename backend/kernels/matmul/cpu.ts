// CPU twins of the matmul: tiles of C are tasks; packed panels of B live in the thread's scratch and are packed again
// only when a task needs another panel. Tiles and K blocks follow from shapes alone, so bits do not depend on threads.
import {
  type CpuContext,
  type CpuPhase,
  type FixedOf,
  type ParamsOf,
  SCRATCH_BYTES,
} from "../../kernel.ts";
import { NARROW, type REDUCE } from "./signature.ts";

/** A plain B is read as a narrow one of FORMAT F32. */
type Context = CpuContext<typeof NARROW>;
type Params = ParamsOf<typeof NARROW, "cpu">;
type Fixed = FixedOf<typeof NARROW>;

const { K_BLOCK, STRIPE, WIDE, SPARE } = NARROW.constants;
/** Floats of scratch that packed panels may take; the rest is room for the gemm's own and eight widened rows. */
const PACKED_FLOATS = (SCRATCH_BYTES - SPARE) / 4 - 8 * WIDE;

/** The tile of C that one task computes, by shape alone. */
export function cpuTile(
  { M, N, K, rank, groups, transposeA }: {
    M: number;
    N: number;
    K: number;
    rank: number;
    groups: number;
    transposeA: boolean;
  },
): { cpuRows: number; cpuCols: number } {
  const up = (x: number, to: number) => Math.ceil(x / to) * to;
  if (transposeA) {
    // STRIPE columns of A and 1024 of B in scratch; a long rank takes the columns.
    const most = Math.floor((PACKED_FLOATS - STRIPE * K_BLOCK) / Math.max(K_BLOCK, rank) / 8) * 8;
    return { cpuRows: 256, cpuCols: Math.min(1024, fits(most, K_BLOCK, rank)) };
  }
  const most = fits(Math.floor(PACKED_FLOATS / (K + rank) / 8) * 8, K, rank);
  // Few rows: narrow the tiles, so that there are about eight tasks.
  const split = Math.ceil(8 / (groups * Math.ceil(M / 64)));
  const cpuCols = Math.min(most, up(N, 8), Math.max(32, Math.min(256, up(N / split, 8))));
  // Thin outputs: more rows, so that a task is worth its calls.
  const work = 64 * Math.min(N, cpuCols) * K;
  return { cpuRows: 64 * Math.min(8, Math.max(1, Math.round(1e6 / work))), cpuCols };
}

function fits(cols: number, K: number, rank: number): number {
  if (cols >= 8) return cols;
  throw new RangeError(
    `Cannot run matmul: K is ${K} and the tail's rank ${rank}, expected at most ${
      PACKED_FLOATS / 8
    } together on the CPU device`,
  );
}

/** How often the K terms are split, by shape alone: only where A is transposed, K long and the output small. */
export function splitsOf(
  { M, N, K, groups, transposeA }: {
    M: number;
    N: number;
    K: number;
    groups: number;
    transposeA: boolean;
  },
): number {
  if (!transposeA) return 1;
  const tiles = groups * Math.ceil(M / 64) * Math.ceil(N / 64);
  return Math.max(1, Math.min(Math.floor(K / 256), Math.floor(256 / tiles)));
}

/** The twin, three ways to make a tile; a dispatch has tasks in one of them. */
export const matmulPhases: readonly CpuPhase[] = [
  { tasks: (p: Params, f: Fixed) => f.TA === 0 ? tiles(p) : 0, run: rowsTwin },
  {
    tasks: (p: Params, f: Fixed) => f.TA === 1 && !thin(p, f) ? tiles(p) * p.splits : 0,
    run: transposedTwin,
  },
  {
    tasks: (p: Params, f: Fixed) => f.TA === 1 && thin(p, f) ? tiles(p) * p.splits : 0,
    run: thinTwin,
  },
];

function tiles(p: Params): number {
  return Math.ceil(p.M / p.cpuRows) * Math.ceil(p.N / p.cpuCols) * p.groups;
}

/** C is taller than wide, A and B both stored with K outermost: Cᵀ is cheaper, as packing beats transposing. */
function thin(p: Params, f: Fixed): boolean {
  return f.TB === 0 && f.TAIL === 0 && p.N <= f.THIN && p.M > p.N;
}

/**
 * A's rows are read where they are; all of op(B)'s K rows for a tile's columns are packed at once. Where B is stored
 * narrow it is widened on the way: straight into the panels, or 8 of its rows × WIDE in scratch and from there.
 */
function rowsTwin({ b, p, f, wasm, scratch }: Context, lo: number, hi: number): void {
  const at = (view: { readonly byteOffset: number }, index: number) => view.byteOffset + 4 * index;
  const { FORMAT, F32, F16, INT8, WIDE } = f;
  const spare = scratch, wide = scratch + f.SPARE, packed = wide + 4 * 8 * WIDE;
  const widen = (row: number, to: number, first: number, last: number, step: number) => {
    const words = at(b.b, row * p.ldb);
    if (FORMAT === F16) return wasm.widenF16(words, to, first, last, step);
    const scales = at(b.scales, row * p.ldScales);
    if (FORMAT === INT8) wasm.widenInt8(words, scales, to, first, last, step);
    else wasm.widenInt4(words, scales, to, first, last, step);
  };
  const tailPacked = packed + 4 * p.K * Math.ceil(p.cpuCols / 8) * 8;
  const mTiles = Math.ceil(p.M / p.cpuRows);
  let packedB = -1, packedPair = -1;
  for (let task = lo; task < hi; task++) {
    // Rows innermost, then groups, then columns: panels are packed once for a run of tasks.
    const pair = Math.floor(task / mTiles);
    const m0 = (task - pair * mTiles) * p.cpuRows, rows = Math.min(p.cpuRows, p.M - m0);
    const column = Math.floor(pair / p.groups), g = pair - column * p.groups;
    const n0 = column * p.cpuCols,
      cols = Math.min(p.cpuCols, p.N - n0),
      panels = Math.ceil(cols / 8);
    const shared = p.bStride === 0 ? column : pair;
    if (shared !== packedB && FORMAT === F32) {
      const source = p.bOffset + g * p.bStride + (f.TB === 1 ? n0 * p.ldb : n0);
      wasm.packB(at(b.b, source), p.ldb, f.TB, p.K, cols, packed, 0, panels);
    } else if (shared !== packedB && f.TB === 0) {
      for (let k = 0; k < p.K; k++) {
        widen(k, packed + 32 * k, n0 / 8, n0 / 8 + panels, 32 * p.K);
      }
    } else if (shared !== packedB) {
      for (let panel = 0; panel < panels; panel++) {
        const n = Math.min(8, cols - 8 * panel);
        for (let k = 0; k < p.K; k += WIDE) {
          const depth = Math.min(WIDE, p.K - k), last = Math.ceil((k + depth) / 8);
          for (let j = 0; j < n; j++) {
            widen(n0 + 8 * panel + j, wide + 4 * WIDE * j, k / 8, last, 32);
          }
          wasm.packB(wide, WIDE, 1, depth, n, packed + 32 * (panel * p.K + k), 0, 1);
        }
      }
    }
    packedB = shared;
    if (f.TAIL === 1 && pair !== packedPair) {
      const tail = p.tOffset + g * p.tStride + (f.TT === 1 ? n0 * p.ldt : n0);
      wasm.packB(at(b.t, tail), p.ldt, f.TT, p.rank, cols, tailPacked, 0, panels);
      packedPair = pair;
    }
    const to = p.cOffset + g * p.cStride + m0 * p.ldc + n0, c = at(b.c, to);
    if (f.ADD === 1) {
      const from = p.dOffset + g * p.dStride + m0 * p.ldd + n0;
      if (cols === p.ldc && cols === p.ldd) b.c.set(b.d.subarray(from, from + rows * cols), to);
      else {
        for (let r = 0; r < rows; r++) {
          b.c.set(b.d.subarray(from + r * p.ldd, from + r * p.ldd + cols), to + r * p.ldc);
        }
      }
    }
    const a = at(b.a, p.aOffset + g * p.aStride + m0 * p.lda);
    wasm.gemm(a, p.lda, packed, c, p.ldc, p.K, cols, 0, rows, p.alpha, f.ADD, spare);
    if (f.TAIL === 1) {
      const u = at(b.u, p.uOffset + g * p.uStride + m0 * p.ldu);
      wasm.gemm(u, p.ldu, tailPacked, c, p.ldc, p.rank, cols, 0, rows, p.tailAlpha, 1, spare);
    }
  }
}

/** A is stored [K, M]: blocks of K rows of A and B are transposed and packed, one after another. */
function transposedTwin({ b, p, f, wasm, scratch }: Context, lo: number, hi: number): void {
  const at = (view: { readonly byteOffset: number }, index: number) => view.byteOffset + 4 * index;
  const { DEPTH, STRIPE } = f;
  const spare = scratch, packedA = scratch + f.SPARE, packedB = packedA + 4 * STRIPE * f.K_BLOCK;
  const mTiles = Math.ceil(p.M / p.cpuRows), nTiles = Math.ceil(p.N / p.cpuCols);
  for (let task = lo; task < hi; task++) {
    let rest = task;
    const m0 = (rest % mTiles) * p.cpuRows, rows = Math.min(p.cpuRows, p.M - m0);
    rest = Math.floor(rest / mTiles);
    const n0 = (rest % nTiles) * p.cpuCols, cols = Math.min(p.cpuCols, p.N - n0);
    rest = Math.floor(rest / nTiles);
    const g = rest % p.groups, split = Math.floor(rest / p.groups), panels = Math.ceil(cols / 8);
    const to = p.cOffset + split * p.splitStride + g * p.cStride + m0 * p.ldc + n0, c = at(b.c, to);
    let accumulate = f.ADD;
    if (f.ADD === 1) {
      const from = p.dOffset + g * p.dStride + m0 * p.ldd + n0;
      for (let r = 0; r < rows; r++) {
        b.c.set(b.d.subarray(from + r * p.ldd, from + r * p.ldd + cols), to + r * p.ldc);
      }
    }
    // Blocks of about DEPTH, at most 376: not 256, whose rows in scratch would fall on the same lines of the cache.
    const k0 = split * p.kLength, length = Math.min(p.K, k0 + p.kLength) - k0;
    const even = Math.ceil(length / Math.max(1, Math.round(length / DEPTH)) / 4) * 4;
    const block = even % 64 === 0 ? even + 4 : even;
    for (let k = k0; k < k0 + length; k += block) {
      const depth = Math.min(block, k0 + length - k);
      const source = p.bOffset + g * p.bStride + (f.TB === 1 ? n0 * p.ldb + k : k * p.ldb + n0);
      wasm.packB(at(b.b, source), p.ldb, f.TB, depth, cols, packedB, 0, panels);
      for (let m = 0; m < rows; m += STRIPE) {
        const some = Math.min(STRIPE, rows - m);
        const a = at(b.a, p.aOffset + g * p.aStride + k * p.lda + m0 + m);
        wasm.packTransposedA(a, p.lda, depth, some, packedA);
        const part = c + 4 * m * p.ldc;
        wasm.gemm(
          packedA,
          depth,
          packedB,
          part,
          p.ldc,
          depth,
          cols,
          0,
          some,
          p.alpha,
          accumulate,
          spare,
        );
      }
      accumulate = 1;
    }
    if (f.TAIL === 1 && split === 0) {
      const tail = p.tOffset + g * p.tStride + (f.TT === 1 ? n0 * p.ldt : n0);
      wasm.packB(at(b.t, tail), p.ldt, f.TT, p.rank, cols, packedB, 0, panels);
      const u = at(b.u, p.uOffset + g * p.uStride + m0 * p.ldu);
      wasm.gemm(u, p.ldu, packedB, c, p.ldc, p.rank, cols, 0, rows, p.tailAlpha, 1, spare);
    }
  }
}

/** Cᵀ = Bᵀ·A in scratch with A's rows packed, then transposed into C; all N columns are in one tile. */
function thinTwin({ b, p, f, f32, wasm, scratch }: Context, lo: number, hi: number): void {
  const at = (view: { readonly byteOffset: number }, index: number) => view.byteOffset + 4 * index;
  const { DEPTH, THIN, K_BLOCK } = f;
  const spare = scratch, packedB = scratch + f.SPARE, packedA = packedB + 4 * THIN * K_BLOCK;
  const turned = packedA + 4 * p.cpuRows * K_BLOCK, tile = turned + 4 * THIN * p.cpuRows;
  const mTiles = Math.ceil(p.M / p.cpuRows), { N } = p;
  for (let task = lo; task < hi; task++) {
    const m0 = (task % mTiles) * p.cpuRows, rows = Math.min(p.cpuRows, p.M - m0);
    const rest = Math.floor(task / mTiles),
      g = rest % p.groups,
      split = Math.floor(rest / p.groups);
    const k0 = split * p.kLength, length = Math.min(p.K, k0 + p.kLength) - k0;
    const even = Math.ceil(length / Math.max(1, Math.round(length / DEPTH)) / 4) * 4;
    const block = even % 64 === 0 ? even + 4 : even;
    for (let k = k0; k < k0 + length; k += block) {
      const depth = Math.min(block, k0 + length - k);
      const a = at(b.a, p.aOffset + g * p.aStride + k * p.lda + m0);
      wasm.packB(a, p.lda, 0, depth, rows, packedA, 0, Math.ceil(rows / 8));
      const from = at(b.b, p.bOffset + g * p.bStride + k * p.ldb);
      wasm.packTransposedA(from, p.ldb, depth, N, packedB);
      const more = k > k0 ? 1 : 0;
      wasm.gemm(packedB, depth, packedA, turned, rows, depth, rows, 0, N, p.alpha, more, spare);
    }
    wasm.packTransposedA(turned, rows, N, rows, tile);
    const to = p.cOffset + split * p.splitStride + g * p.cStride + m0 * p.ldc;
    const add = p.dOffset + g * p.dStride + m0 * p.ldd;
    if (f.ADD === 0 && p.ldc === N) b.c.set(f32.subarray(tile / 4, tile / 4 + rows * N), to);
    else {
      for (let r = 0; r < rows; r++) {
        const row = tile + 4 * r * N;
        if (f.ADD === 1) wasm.add(row, at(b.d, add + r * p.ldd), at(b.c, to + r * p.ldc), N);
        else b.c.set(f32.subarray(row / 4, row / 4 + N), to + r * p.ldc);
      }
    }
  }
}

/** Sums the partial products of a matmul that was split over K, in order: chunks of a row of C. */
export const reducePhases: readonly CpuPhase[] = [
  { tasks: (p, f) => p.groups * p.M * Math.ceil(p.N / f.CHUNK), run: reduceTwin },
];

function reduceTwin({ b, p, f, wasm }: CpuContext<typeof REDUCE>, lo: number, hi: number): void {
  const { CHUNK } = f, chunks = Math.ceil(p.N / CHUNK);
  for (let task = lo; task < hi; task++) {
    const row = Math.floor(task / chunks), n0 = (task - row * chunks) * CHUNK;
    const n = Math.min(CHUNK, p.N - n0), g = Math.floor(row / p.M), m = row - g * p.M;
    const from = row * p.N + n0, to = p.cOffset + g * p.cStride + m * p.ldc + n0;
    const c = b.c.byteOffset + 4 * to;
    b.c.set(b.part.subarray(from, from + n), to);
    for (let s = 1; s < p.splits; s++) {
      wasm.add(c, b.part.byteOffset + 4 * (s * p.splitStride + from), c, n);
    }
    if (f.ADD === 1) {
      wasm.add(c, b.d.byteOffset + 4 * (p.dOffset + g * p.dStride + m * p.ldd + n0), c, n);
    }
  }
}
