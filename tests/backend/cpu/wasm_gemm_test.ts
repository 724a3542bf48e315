import { assertEquals } from "@std/assert";
import {
  assertClose,
  Bench,
  buildName,
  BUILDS,
  HALF_ULP,
  packed,
  SIZES,
  uniform,
} from "./instance.ts";

/** f32 numbers of scratch that `gemm` may use, and no more: a block of 60 × 8 of C. */
const SCRATCH = 60 * 8;

/**
 * Partial sums of k products of uniforms in [−1, 1) are about √k / 3 and are rounded k times one
 * after another: 0.14·k·2⁻²⁴ (one sigma) in all, beside the 8·√k·2⁻²⁴ of terms of size 1.
 */
const tolerance = (k: number) => (8 * Math.sqrt(k) + k) * HALF_ULP;

/** C[M, N] = alpha·A·B + C in f64; A [M, lda], B [K, N]. */
function reference(
  A: Float32Array,
  lda: number,
  B: Float32Array,
  M: number,
  K: number,
  N: number,
): Float64Array {
  const C = new Float64Array(M * N);
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      const a = A[m * lda + k];
      for (let n = 0; n < N; n++) C[m * N + n] += a * B[k * N + n];
    }
  }
  return C;
}

/** The [M, N] of a C with row stride ldc, and whether the gaps between rows are as they were. */
function rowsOf(C: Float32Array, M: number, N: number, ldc: number) {
  const rows = new Float32Array(M * N);
  let gapsKept = true;
  for (let m = 0; m < M; m++) {
    rows.set(C.subarray(m * ldc, m * ldc + N), m * N);
    gapsKept &&= C.subarray(m * ldc + N, (m + 1) * ldc).every(Number.isNaN);
  }
  return { rows, gapsKept };
}

const bits = (x: Float32Array) => new Uint32Array(x.buffer, x.byteOffset, x.length);

for (const build of BUILDS) {
  const name = buildName(build);

  Deno.test(`gemm() is A·B at every size, a row's bits independent of the others (${name})`, () => {
    const bench = new Bench(build);
    const M = SIZES[SIZES.length - 1];
    for (const K of SIZES) {
      for (const N of SIZES) {
        bench.reset();
        const [lda, ldc] = [K + 3, N + 5];
        const [A, B] = [uniform(M * lda, K), uniform(K * N, N + 1000)];
        const [a, bp] = [bench.place(A), packed(bench, B, K, N)];
        const scratch = bench.poison(SCRATCH);
        const expected = reference(A, lda, B, M, K, N);
        const what = `gemm K ${K}, N ${N}`;
        let whole = new Float32Array();
        for (const rows of [...SIZES].reverse()) {
          const c = bench.poison(M * ldc); // NaN: C must not be read
          bench.kernels.gemm(a, lda, bp, c, ldc, K, N, 0, rows, 1, 0, scratch);
          const C = bench.read(c, M * ldc);
          const got = rowsOf(C, rows, N, ldc);
          assertEquals(got.gapsKept, true, `${what}: wrote between the rows`);
          assertEquals(C.subarray(rows * ldc).every(Number.isNaN), true, `${what}: wrote past m1`);
          if (rows === M) {
            assertClose(got.rows, expected, () => tolerance(K), what);
            whole = got.rows;
          }
          assertEquals(bits(got.rows), bits(whole.subarray(0, rows * N)), `${what}, M ${rows}`);
        }
        bench.checkGuards(what);
      }
    }
  });

  Deno.test(`gemm() scales, adds to C and crosses blocks of k, split anywhere (${name})`, () => {
    const bench = new Bench(build);
    const cases = [[1, 1, 1], [5, 9, 3], [67, 64, 20], [130, 1024, 8], [66, 1025, 17], [
      7,
      2500,
      9,
    ]];
    for (const [M, K, N] of cases) {
      for (const accumulate of [0, 1]) {
        bench.reset();
        const [A, B] = [uniform(M * K, 7), uniform(K * N, 8)];
        const before = accumulate ? uniform(M * N, 9) : new Float32Array(M * N).fill(NaN);
        const [a, bp] = [bench.place(A), packed(bench, B, K, N)];
        const scratch = bench.poison(SCRATCH);
        const expected = reference(A, K, B, M, K, N);
        const run = (splits: number[]) => {
          const c = bench.place(before);
          for (let i = 0; i + 1 < splits.length; i++) {
            const [m0, m1] = [splits[i], splits[i + 1]];
            bench.kernels.gemm(a, K, bp, c, N, K, N, m0, m1, -0.75, accumulate, scratch);
          }
          return bench.read(c, M * N);
        };
        const what = `gemm ${M} x ${K} x ${N}, accumulate ${accumulate}`;
        const whole = run([0, M]);
        const wanted = expected.map((x, i) => -0.75 * x + (accumulate ? before[i] : 0));
        assertClose(whole, wanted, () => tolerance(K), what);
        for (const split of [1, 3, 6, 65].filter((m) => m < M)) {
          assertEquals(bits(run([0, split, M])), bits(whole), `${what}, split at ${split}`);
        }
        bench.checkGuards(what);
      }
    }
  });

  Deno.test(`peak() ends at its fixed point (${name})`, () => {
    assertEquals(new Bench(build).kernels.peak(50), 96); // 48 lanes of x = x/2 + 1 → 2
  });
}

Deno.test("buildModule() shared and unshared give the same bits", () => {
  const run = (shared: boolean) => {
    const bench = new Bench({ fma: true, shared });
    const [M, K, N] = [13, 100, 21];
    const [a, bp] = [bench.place(uniform(M * K, 1)), packed(bench, uniform(K * N, 2), K, N)];
    const [c, scratch] = [bench.poison(M * N), bench.poison(SCRATCH)];
    bench.kernels.gemm(a, K, bp, c, N, K, N, 0, M, 1, 0, scratch);
    return bits(bench.read(c, M * N));
  };
  assertEquals(run(true), run(false));
});
