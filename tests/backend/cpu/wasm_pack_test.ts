import { assertEquals } from "@std/assert";
import { assertClose, Bench, buildName, BUILDS, panels, SIZES, uniform } from "./instance.ts";

for (const build of BUILDS) {
  const name = buildName(build);

  Deno.test(`packB() lays op(B) out in panels of 8, zeros past N (${name})`, () => {
    const bench = new Bench(build);
    for (const K of SIZES) {
      for (const N of SIZES) {
        for (const transposed of [0, 1]) {
          bench.reset();
          const [rows, cols] = transposed ? [N, K] : [K, N];
          const ld = cols + 3;
          const B = uniform(rows * ld, K * N);
          const source = bench.place(B);
          const target = bench.poison(panels(N) * K * 8);
          const middle = panels(N) >> 1; // two halves, as two threads do
          bench.kernels.packB(source, ld, transposed, K, N, target, middle, panels(N));
          if (middle) assertEquals(bench.read(target, 8 * K * middle).every(Number.isNaN), true);
          bench.kernels.packB(source, ld, transposed, K, N, target, 0, middle);
          const expected = Float32Array.from({ length: panels(N) * K * 8 }, (_, i) => {
            const n = Math.floor(i / (8 * K)) * 8 + i % 8;
            const k = Math.floor(i / 8) % K;
            return n >= N ? 0 : transposed ? B[n * ld + k] : B[k * ld + n];
          });
          const what = `packB K ${K}, N ${N}, transposed ${transposed}`;
          assertClose(bench.read(target, expected.length), expected, () => 0, what);
          bench.checkGuards(what);
        }
      }
    }
  });

  Deno.test(`packTransposedA() is the transpose (${name})`, () => {
    const bench = new Bench(build);
    for (const rows of SIZES) {
      for (const cols of SIZES) {
        bench.reset();
        const ld = cols + 2;
        const A = uniform(rows * ld, rows + cols);
        const target = bench.poison(rows * cols);
        bench.kernels.packTransposedA(bench.place(A), ld, rows, cols, target);
        const expected = Float32Array.from(
          { length: rows * cols },
          (_, i) => A[(i % rows) * ld + Math.floor(i / rows)],
        );
        const what = `packTransposedA ${rows} x ${cols}`;
        assertClose(bench.read(target, rows * cols), expected, () => 0, what);
        bench.checkGuards(what);
      }
    }
  });
}
