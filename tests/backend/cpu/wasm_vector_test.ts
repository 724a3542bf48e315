import { assertEquals } from "@std/assert";
import type { WasmKernels } from "../../../backend/cpu/wasm.ts";
import { assertClose, Bench, buildName, BUILDS, HALF_ULP, SIZES, uniform } from "./instance.ts";

/** A value in f64 and the sum of the sizes of its terms: the unit of its rounding error. */
type Expected = readonly [value: number, size: number];
interface Row {
  readonly name: string;
  /** Spread of each input array; the kernel gets one pointer for each, then `outputs` more. */
  readonly inputs: readonly number[];
  /** Indices of inputs that the kernel overwrites, and how many arrays it fills besides. */
  readonly inPlace: readonly number[];
  readonly outputs: number;
  /** Half ulps of the terms' size that the roundings may add up to. */
  readonly roundings: number;
  run(kernels: WasmKernels, p: readonly number[], n: number): void;
  /** Expected overwritten inputs, then outputs, at one index. */
  expect(x: readonly number[]): readonly Expected[];
}

const exact = (value: number): Expected => [value, Math.abs(value)];
// Larger than in training, so that an error of 0.1% in any of them shows.
const adam = { lr: 0.05, b1: 0.9, b2: 0.999, eps: 0.05, wd: 0.5, t: 3, clip: 0.37 };
const EXP = 7; // 4e-7 in half ulps

const ROWS: readonly Row[] = [
  {
    name: "expInPlace",
    inputs: [80],
    inPlace: [0],
    outputs: 0,
    roundings: EXP,
    run: (k, [x], n) => k.expInPlace(x, n),
    expect: ([x]) => [exact(Math.exp(x))],
  },
  {
    name: "scaleInPlace",
    inputs: [3],
    inPlace: [0],
    outputs: 0,
    roundings: 1,
    run: (k, [x], n) => k.scaleInPlace(x, n, 0.625),
    expect: ([x]) => [exact(0.625 * x)],
  },
  {
    name: "axpy",
    inputs: [2, 3],
    inPlace: [1],
    outputs: 0,
    roundings: 2,
    run: (k, [x, y], n) => k.axpy(x, y, n, -1.75),
    expect: ([x, y]) => [[y - 1.75 * x, Math.abs(y) + Math.abs(1.75 * x)]],
  },
  {
    name: "add",
    inputs: [2, 3],
    inPlace: [],
    outputs: 1,
    roundings: 1,
    run: (k, [x, y, z], n) => k.add(x, y, z, n),
    expect: ([x, y]) => [[x + y, Math.abs(x) + Math.abs(y)]],
  },
  {
    name: "adamw",
    inputs: [1, 2, 0.1, 0.01],
    inPlace: [0, 2, 3],
    outputs: 0,
    roundings: 8,
    run: (k, [p, g, m, v], n) => {
      const { lr, b1, b2, eps, wd, t, clip } = adam;
      k.adamw(p, g, m, v, n, lr, b1, b2, eps, wd, 1 - b1 ** t, 1 - b2 ** t, clip);
    },
    expect: ([p, g, m, v]) => {
      const { lr, b1, b2, eps, wd, t, clip } = adam;
      const [m1, v1] = [b1 * m + (1 - b1) * g * clip, b2 * v + (1 - b2) * (g * clip) ** 2];
      const sizeM = b1 * Math.abs(m) + (1 - b1) * Math.abs(g * clip);
      const root = Math.sqrt(v1 / (1 - b2 ** t)) + eps;
      const step = lr / (1 - b1 ** t) / root;
      return [
        [p - step * m1 - lr * wd * p, Math.abs(p) + step * sizeM],
        [m1, sizeM],
        exact(v1),
      ];
    },
  },
];

/** Inputs of a row: uniform in ±spread; adamw's second moment is not negative. */
const inputsOf = (row: Row, n: number): Float32Array[] =>
  row.inputs.map((spread, i) => {
    const x = uniform(n, n + 17 * i).map((u) => spread * u);
    return row.name === "adamw" && i === 3 ? x.map(Math.abs) : x;
  });

for (const build of BUILDS) {
  for (const row of ROWS) {
    Deno.test(`${row.name}() is its formula in f64 at every size (${buildName(build)})`, () => {
      const bench = new Bench(build);
      for (const n of [0, 2, 3, 4, 5, ...SIZES]) {
        bench.reset();
        const inputs = inputsOf(row, n);
        const pointers = inputs.map((x) => bench.place(x));
        for (let i = 0; i < row.outputs; i++) pointers.push(bench.poison(n));
        row.run(bench.kernels, pointers, n);
        const expected = Array.from({ length: n }, (_, i) => row.expect(inputs.map((x) => x[i])));
        const written = [...row.inPlace, ...pointers.keys().drop(inputs.length)];
        written.forEach((index, j) => {
          assertClose(
            bench.read(pointers[index], n),
            expected.map((e) => e[j][0]),
            (i) => row.roundings * HALF_ULP * expected[i][j][1],
            `${row.name} n ${n}, array ${index}`,
          );
        });
        inputs.forEach((x, i) => {
          if (!row.inPlace.includes(i)) assertEquals(bench.read(pointers[i], n), x);
        });
        bench.checkGuards(`${row.name} n ${n}`);
      }
    });
  }

  Deno.test(`expInPlace() keeps 4e-7 on [-87, 88] and its edges (${buildName(build)})`, () => {
    const bench = new Bench(build);
    const x = Float32Array.from({ length: 175_001 }, (_, i) => -87 + i / 1000);
    const p = bench.place(x);
    bench.kernels.expInPlace(p, x.length);
    const expected = Float64Array.from(x, Math.exp);
    assertClose(bench.read(p, x.length), expected, (i) => 4e-7 * expected[i], "exp");
    const edges = [-87.31, -88, -104, -3e38, -Infinity, 89, 3e38, Infinity, NaN, 0, 88.7];
    const q = bench.place(edges);
    bench.kernels.expInPlace(q, edges.length);
    const got = [...bench.read(q, edges.length)];
    assertEquals(got.slice(0, 10), [0, 0, 0, 0, 0, Infinity, Infinity, Infinity, NaN, 1]);
    const last = Math.exp(Math.fround(88.7));
    assertClose([got[10]], [last], () => 4e-7 * last, "exp(88.7)");
  });

  Deno.test(`rowMax(), dot(), sumSquares(), expSubSum() at every size (${buildName(build)})`, () => {
    const bench = new Bench(build);
    for (const n of [0, 2, 3, 4, 5, ...SIZES, 5000]) {
      bench.reset();
      const [x, y] = [uniform(n, n), uniform(n, n + 1)];
      const [px, py] = [bench.place(x), bench.place(y)];
      const { kernels } = bench;
      // The tree over 16 partial sums rounds results of the sum's own size four times or five.
      const close = (actual: number, expected: number, what: string) => {
        const tolerance = (8 * Math.sqrt(n) + 5 * Math.abs(expected)) * HALF_ULP;
        assertClose([actual], [expected], () => tolerance, `${what} n ${n}`);
      };
      const below = x.map((u) => u - 7); // all negative: a zero at the tail would win
      const top = below.reduce((a, b) => Math.max(a, b), -Infinity);
      assertEquals(kernels.rowMax(bench.place(below), n), top);
      close(kernels.dot(px, py, n), x.reduce((s, u, i) => s + u * y[i], 0), "dot");
      close(kernels.sumSquares(px, n), x.reduce((s, u) => s + u * u, 0), "sumSquares");
      const e = Float64Array.from(x, (u) => Math.exp(u - 1.5));
      close(kernels.expSubSum(px, n, 1.5), e.reduce((s, u) => s + u, 0), "expSubSum");
      // x − m is rounded once before exp, to half an ulp of at most 2.5.
      assertClose(bench.read(px, n), e, (i) => (EXP + 4) * HALF_ULP * e[i], `expSubSum n ${n}`);
      bench.checkGuards(`reductions n ${n}`);
    }
    const withNaN = bench.place([1, 2, NaN, 4, 5, 6]);
    assertEquals(bench.kernels.rowMax(withNaN, 6), NaN);
  });

  Deno.test(`rmsNorm() and rmsNormBackward() are their formulas (${buildName(build)})`, () => {
    const bench = new Bench(build);
    const rows = 3;
    const eps = 1e-5;
    for (const cols of SIZES) {
      bench.reset();
      const size = rows * cols;
      const [x, dy, before] = [1, 2, 3].map((seed) => uniform(size, seed + cols));
      const w = uniform(cols, 4).map((u) => 1 + u / 2);
      const [px, pw, pdy] = [bench.place(x), bench.place(w), bench.place(dy)];
      const [py, pinv] = [bench.poison(size), bench.poison(rows)];
      bench.kernels.rmsNorm(px, pw, py, rows, cols, eps, pinv);
      const over = (f: (i: number, row: number, col: number) => number) =>
        Float64Array.from({ length: size }, (_, i) => f(i, Math.floor(i / cols), i % cols));
      const rowMean = (f: (i: number) => number) =>
        Float64Array.from({ length: rows }, (_, row) => {
          let sum = 0;
          for (let i = row * cols; i < (row + 1) * cols; i++) sum += f(i);
          return sum / cols;
        });
      const inv = rowMean((i) => x[i] * x[i]).map((mean) => 1 / Math.sqrt(mean + eps));
      const half = (8 + Math.sqrt(cols)) * HALF_ULP;
      const y = over((i, row, col) => x[i] * inv[row] * w[col]);
      assertClose(bench.read(pinv, rows), inv, (i) => half * inv[i], `inv, ${cols}`);
      assertClose(bench.read(py, size), y, (i) => half * Math.abs(y[i]), `y, ${cols}`);

      const pull = rowMean((i) => x[i] * w[i % cols] * dy[i]);
      const pullSize = rowMean((i) => Math.abs(x[i] * w[i % cols] * dy[i]));
      for (const accumulate of [0, 1]) {
        const pdx = accumulate ? bench.place(before) : bench.poison(size);
        bench.kernels.rmsNormBackward(px, pw, pinv, pdy, pdx, rows, cols, accumulate);
        const dx = over((i, row, col) =>
          inv[row] * w[col] * dy[i] - x[i] * inv[row] ** 3 * pull[row] + accumulate * before[i]
        );
        const terms = over((i, row, col) =>
          Math.abs(inv[row] * w[col] * dy[i]) + accumulate * Math.abs(before[i]) +
          Math.abs(x[i]) * inv[row] ** 3 * pullSize[row]
        );
        const what = `dx, cols ${cols}, accumulate ${accumulate}`;
        // inv³ carries inv's error three times.
        assertClose(bench.read(pdx, size), dx, (i) => 3 * half * terms[i], what);
      }
      bench.checkGuards(`rmsNorm ${cols}`);
    }
  });
}

Deno.test("rmsNormBackward() is the slope of rmsNorm()", () => {
  // ⟨dx, d⟩ in f32 kernels against the central difference of ⟨y, dy⟩ in f64.
  const [cols, eps, h] = [65, 1e-5, 1e-5];
  const bench = new Bench({ fma: true, shared: false });
  const [x, w, dy, d] = [1, 2, 3, 4].map((seed) => uniform(cols, seed));
  const value = (s: number) => {
    const at = Float64Array.from(x, (u, i) => u + s * d[i]);
    const inv = 1 / Math.sqrt(at.reduce((sum, u) => sum + u * u, 0) / cols + eps);
    return at.reduce((sum, u, i) => sum + u * inv * w[i] * dy[i], 0);
  };
  const [px, pw, pdy] = [bench.place(x), bench.place(w), bench.place(dy)];
  const [py, pinv, pdx] = [bench.poison(cols), bench.poison(1), bench.poison(cols)];
  bench.kernels.rmsNorm(px, pw, py, 1, cols, eps, pinv);
  bench.kernels.rmsNormBackward(px, pw, pinv, pdy, pdx, 1, cols, 0);
  const slope = bench.read(pdx, cols).reduce((sum, u, i) => sum + u * d[i], 0);
  const expected = (value(h) - value(-h)) / (2 * h);
  assertClose([slope], [expected], () => 8 * Math.sqrt(cols) * HALF_ULP, "slope");
});

Deno.test("elementwise kernels may write exactly onto an input", () => {
  const bench = new Bench({ fma: true, shared: true });
  const n = 39;
  const [x, y] = [uniform(n, 1), uniform(n, 2)];
  const apart = bench.poison(n);
  const [px, py] = [bench.place(x), bench.place(y)];
  bench.kernels.add(px, py, apart, n);
  bench.kernels.add(px, py, px, n);
  assertEquals(bench.read(px, n), bench.read(apart, n));
});

Deno.test("dot() has the same bits wherever its vectors lie", () => {
  const bench = new Bench({ fma: true, shared: true });
  const [x, y] = [uniform(171, 1), uniform(171, 2)];
  const dots = [0, 1, 2, 3].map((gap) => {
    bench.place(new Float32Array(gap));
    return bench.kernels.dot(bench.place(x), bench.place(y), 171);
  });
  assertEquals(new Set(dots).size, 1);
});
