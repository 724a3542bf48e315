import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { adapterLayout } from "../../../core/lora/adapter.ts";
import { addDelta } from "../../../core/lora/delta.ts";
import { headWeight, withHead } from "../../../core/lora/factors.ts";
import { type Svd, svdOfProduct, truncateAdapter } from "../../../core/lora/svd.ts";
import { uniform } from "../../support/random.ts";

const svd = await Deno.readTextFile(new URL("../../fixtures/svd.json", import.meta.url));
const { cases } = JSON.parse(svd) as {
  cases: { a: number[][]; b: number[][]; values: number[] }[];
};
const columns = (matrix: number[][]) =>
  matrix[0].map((_, j) => Float64Array.from(matrix, (row) => row[j]));
const rows = (matrix: number[][]) => matrix.map((row) => Float64Array.from(row));
const dot = (x: ArrayLike<number>, y: Float64Array) =>
  y.reduce((sum, value, i) => sum + value * x[i], 0);

/** Each entry of Σ_i values[i]·left[i]·right[i]ᵀ. */
const entry = ({ values, left, right }: Svd, o: number, i: number) =>
  values.reduce((sum, value, k) => sum + value * left[k][o] * right[k][i], 0);

cases.forEach(({ a, b, values }, n) => {
  Deno.test(`svdOfProduct() gives LAPACK's singular values, case ${n}`, () => {
    const found = svdOfProduct(columns(b), rows(a));
    const tolerance = 1e-14 * values[0] * a.length * a[0].length; // f64 roundings of the largest value
    const rank = values.filter((value) => value > tolerance).length;
    assertEquals(found.values.length, rank);
    found.values.forEach((value, i) => assertAlmostEquals(value, values[i], tolerance));
    for (const side of [found.left, found.right]) {
      side.forEach((x, i) =>
        side.forEach((y, j) => assertAlmostEquals(dot(x, y), i === j ? 1 : 0, 1e-13))
      );
    }
    b.forEach((row, o) => {
      a[0].forEach((_, i) => {
        const wanted = row.reduce((sum, value, r) => sum + value * a[r][i], 0);
        assertAlmostEquals(entry(found, o, i), wanted, tolerance);
      });
    });
  });
});

Deno.test("svdOfProduct() of known matrices: diagonal, rank one, zero", () => {
  const unit = (n: number, i: number, value: number) =>
    new Float64Array(n).map((_, j) => i === j ? value : 0);
  const diagonal = svdOfProduct([unit(3, 0, 2), unit(3, 2, 5)], [unit(4, 1, 1), unit(4, 3, 3)]);
  assertEquals(diagonal.values.map((value) => Math.round(value * 1e12) / 1e12), [15, 2]);
  const one = svdOfProduct([Float64Array.of(3, 4), Float64Array.of(6, 8)], [
    unit(2, 0, 1),
    unit(2, 0, 1),
  ]);
  assertEquals(one.values.length, 1);
  assertAlmostEquals(one.values[0], 15, 1e-13);
  assertEquals(svdOfProduct([unit(2, 0, 0)], [unit(2, 0, 1)]).values, []);
});

const layers = [
  { name: "a", inDim: 20, outDim: 12 },
  { name: "b", inDim: 6, outDim: 9 },
];
const layout = adapterLayout(layers, { rank: 8, alpha: 4 });
const adapter = { layout, params: uniform(layout.size, 7) };

function delta(of: { layout: typeof layout; params: Float32Array<ArrayBuffer> }, module: string) {
  const { inDim, outDim } = layout.modules.get(module)!;
  const out = new Float32Array(inDim * outDim);
  addDelta(out, [of], module);
  return out;
}
const norm = (x: Float32Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));

Deno.test("truncateAdapter() reports the error that its factors have", () => {
  const best = truncateAdapter(adapter, 3);
  assertEquals([best.layout.rank, best.layout.scale], [3, layout.scale]);
  let lost = 0, all = 0;
  for (const { name } of layers) {
    const whole = delta(adapter, name), near = delta(best, name);
    const off = norm(whole.map((x, i) => x - near[i]));
    assertAlmostEquals(off / norm(whole), best.errors.get(name)!, 1e-6); // factors are rounded to f32
    lost += off ** 2;
    all += norm(whole) ** 2;
  }
  assertAlmostEquals(Math.sqrt(lost / all), best.error, 1e-6);
  assertEquals(best.error > 0.1 && best.error < 0.9, true);
});

Deno.test("truncateAdapter() beats any other rows of the same rank, and errs less with more rank", () => {
  const errors = [1, 2, 3, 4, 5, 6, 7, 8].map((rank) => truncateAdapter(adapter, rank).error);
  errors.slice(1).forEach((error, i) => assertEquals(error < errors[i], true));
  const cut = { layout, params: adapter.params.slice() }; // the first three of the eight rows
  for (const { aOffset, inDim } of layout.modules.values()) {
    cut.params.fill(0, aOffset + 3 * inDim, aOffset + 8 * inDim);
  }
  const whole = delta(adapter, "a");
  const off = norm(delta(cut, "a").map((x, i) => x - whole[i])) / norm(whole);
  assertEquals(truncateAdapter(adapter, 3).errors.get("a")! < off, true);
});

Deno.test("truncateAdapter() to the full rank or above keeps ΔW", () => {
  for (const rank of [8, 11]) {
    const same = truncateAdapter(adapter, rank);
    assertEquals(same.error, 0);
    for (const { name } of layers) {
      const whole = delta(adapter, name);
      // A and B are rounded to f32: two roundings in each of 8 products of about 1, scaled by 1/2
      delta(same, name).forEach((x, i) =>
        assertAlmostEquals(x, whole[i], 16 * Math.sqrt(8) * 2 ** -24)
      );
    }
  }
});

Deno.test("truncateAdapter() of a fresh adapter, B = 0, is zero with error 0", () => {
  const best = truncateAdapter({ layout, params: new Float32Array(layout.size) }, 2);
  assertEquals([best.error, best.params.some((x) => x !== 0)], [0, false]);
});

Deno.test("truncateAdapter() refuses rank 0", () => {
  assertThrows(() => truncateAdapter(adapter, 0), RangeError, "rank is 0");
});

Deno.test("truncateAdapter() keeps a head as it is", () => {
  const layout = adapterLayout([{ name: "up", inDim: 3, outDim: 2 }], { rank: 2, alpha: 2 });
  const bare = { layout, params: uniform(layout.size, 1) };
  const scored = withHead(bare, { name: "score", inDim: 3 }, [1, 2, 3]);
  const found = truncateAdapter(scored, 1);
  assertEquals([...headWeight(found)!.data], [1, 2, 3]);
  assertEquals(found.params.slice(0, 128), truncateAdapter(bare, 1).params);
});
