import { assertEquals } from "@std/assert";
import { type BaseDType, dequantise, quantise } from "../../../backend/quantise.ts";
import { Bench, buildName, BUILDS, uniform } from "./instance.ts";

const COLS = 104; // 13 groups of eight, the last block short

for (const build of BUILDS) {
  for (const dtype of ["f16", "int8", "int4"] as const satisfies BaseDType[]) {
    Deno.test(`widening ${dtype} gives dequantise()'s bits at any group and step (${buildName(build)})`, () => {
      const x = new Float32Array(uniform(COLS, 3));
      for (let i = 0; i < COLS; i += 5) x[i] *= 1e-6; // subnormal halves
      const stored = quantise([1, COLS], x, dtype), truth = dequantise(stored);
      const bench = new Bench(build);
      for (const [from, to] of [[0, 13], [0, 1], [3, 4], [5, 9], [4, 4]]) {
        for (const step of [32, 40, 128]) {
          bench.reset();
          const place = (words: Uint32Array) => bench.place(new Float32Array(words.buffer));
          const src = place(stored.data as Uint32Array<ArrayBuffer>);
          const n = to > from ? (to - from - 1) * step / 4 + 8 : 0;
          const dst = bench.poison(n);
          const expected = new Float32Array(n).fill(NaN);
          for (let g = from; g < to; g++) {
            expected.set(truth.subarray(8 * g, 8 * g + 8), (g - from) * step / 4);
          }
          const { widenF16, widenInt8, widenInt4 } = bench.kernels;
          if (dtype === "f16") widenF16(src, dst, from, to, step);
          else {
            const widen = dtype === "int8" ? widenInt8 : widenInt4;
            widen(src, place(stored.scales!), dst, from, to, step);
          }
          assertEquals(bench.read(dst, n), expected, `groups ${from} to ${to}, step ${step}`);
          bench.checkGuards(dtype);
        }
      }
    });
  }
}
