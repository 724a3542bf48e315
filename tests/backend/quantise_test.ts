import { assert, assertEquals, assertThrows } from "@std/assert";
import { type BaseDType, dequantise, quantise, wordsPerRow } from "../../backend/quantise.ts";

const NARROW = ["f16", "int8", "int4"] as const satisfies BaseDType[];

/** Normal numbers of spread 1, by Box and Muller. */
function normals(n: number): Float32Array<ArrayBuffer> {
  let s = 12345;
  const next = () => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0, (s + 0.5) / 2 ** 32);
  return new Float32Array(n).map(() =>
    Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next())
  );
}

const rms = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum / a.length);
};

for (
  const [dtype, least, most] of [["f16", 1e-4, 2.2e-4], ["int8", 5.2e-3, 5.5e-3], [
    "int4",
    0.07,
    0.0755,
  ]] as const
) {
  Deno.test(`quantise() to ${dtype} leaves an rms error of ${most} of normal numbers at most`, () => {
    const x = normals(64 * 1024);
    for (const scale of [1, 0.02, 30]) {
      const scaled = x.map((v) => v * scale);
      const error = rms(dequantise(quantise([64, 1024], scaled, dtype)), scaled) / scale;
      assert(error > least && error < most, `rms error ${error} at scale ${scale}`);
    }
  });
}

Deno.test("quantise() and dequantise() are the identity on values that dtypes hold, also twice", () => {
  const x = normals(5 * 71);
  for (const dtype of ["f32", ...NARROW] as const) {
    const once = dequantise(quantise([5, 71], x, dtype));
    if (dtype === "int4") continue; // least squares may find other steps for its own values
    assertEquals(dequantise(quantise([5, 71], once, dtype)), once, dtype);
  }
});

/** GGML's blocks of 32, from bytes of its own making: x = d·(q − 8), d·q, d·q + m. */
Deno.test("quantise() keeps the values of GGUF's Q8_0 and Q4_1 blocks", () => {
  const half = (x: number) => Math.f16round(x), n = 32 * 200;
  const source = normals(n), q8 = new Float32Array(n), q41 = new Float32Array(n);
  for (let b = 0; b < n; b += 32) {
    const x = source.subarray(b, b + 32).map((v) => v * 0.02);
    const low = Math.min(...x), high = Math.max(...x), top = Math.max(high, -low);
    const d8 = top / 127, d4 = (high - low) / 15;
    x.forEach((v, i) => {
      q8[b + i] = Math.round(v / d8) * half(d8);
      q41[b + i] = Math.min(15, Math.trunc((v - low) / d4 + 0.5)) * half(d4) + half(low);
    });
  }
  assertEquals(dequantise(quantise([1, n], q8, "int8")), q8);
  assertEquals(dequantise(quantise([1, n], q41, "int4")), q41);
});

Deno.test("quantise() holds any number of columns, extremes and zeros", () => {
  for (const cols of [1, 7, 31, 32, 33, 65]) {
    const x = normals(3 * cols);
    x.fill(0, cols, 2 * cols); // a row of zeros
    x[0] = 60000;
    for (const dtype of NARROW) {
      const stored = quantise([3, cols], x, dtype), words = wordsPerRow(dtype, cols);
      assertEquals(stored.data.length, 3 * words.data);
      assertEquals(stored.scales?.length ?? 0, 3 * words.scales);
      const out = dequantise(stored);
      assertEquals(out.length, 3 * cols);
      assertEquals(out.subarray(cols, 2 * cols), new Float32Array(cols), `zeros, ${dtype}`);
      // A step of the first block is 60000 / 127 or / 15; the others' numbers are within 5.
      const step = { f16: 2 ** -11 * 60000, int8: 60000 / 127, int4: 60010 / 15 }[dtype];
      const near = { f16: 2 ** -9, int8: 5 / 127, int4: 10 / 15 }[dtype];
      for (let i = 0; i < out.length; i++) {
        const allowed = i < Math.min(32, cols) ? step : near;
        assert(
          Math.abs(out[i] - x[i]) <= 0.501 * allowed + 2e-3,
          `${dtype} ${i}: ${out[i]}, ${x[i]}`,
        );
      }
    }
  }
});

Deno.test("quantise() keeps numbers too small for a scale near zero", () => {
  for (const size of [1e-45, 1e-44, 3e-39, 1e-7, 1e-6]) {
    const x = Float32Array.from({ length: 40 }, (_, i) => i % 2 ? size : -size);
    for (const dtype of NARROW) {
      const off = Math.max(
        ...dequantise(quantise([1, 40], x, dtype)).map((y, i) => Math.abs(y - x[i])),
      );
      assert(off <= Math.max(1.001 * size, 2 ** -24), `${dtype} at ${size}: off by ${off}`);
    }
  }
});

Deno.test("wordsPerRow() is 1, ½, 9/32 and 5/32 of f32 at whole blocks", () => {
  const share = (dtype: BaseDType) => {
    const { data, scales } = wordsPerRow(dtype, 2048);
    return (data + scales) / 2048;
  };
  assertEquals(["f32", ...NARROW].map((dtype) => share(dtype as BaseDType)), [
    1,
    1 / 2,
    9 / 32,
    5 / 32,
  ]);
});

Deno.test("quantise() to int8 keeps the sign where a subnormal scale is rounded down by much", () => {
  const tiny = 136 * 2 ** -149; // a scale of 1.07 steps of f32's last bit becomes 1: 136 of them
  const kept = dequantise(quantise([1, 2], new Float32Array([tiny, -tiny]), "int8"));
  assertEquals([...kept], [127 * 2 ** -149, -127 * 2 ** -149]);
});

Deno.test("quantise() refuses other lengths, numbers that are not finite, and what halves cannot hold", () => {
  const store = (x: number[], dtype: BaseDType) => () =>
    quantise([1, 2], new Float32Array(x), dtype, "w");
  assertThrows(
    store([1], "int8"),
    TypeError,
    'Cannot quantise "w": it has 1 elements, expected 2 for [1,2]',
  );
  for (const dtype of NARROW) {
    assertThrows(
      store([1, NaN], dtype),
      RangeError,
      `Cannot store "w" as ${dtype}: element 1 is NaN, expected finite numbers`,
    );
    assertThrows(
      store([-Infinity, 0], dtype),
      RangeError,
      "element 0 is -Infinity, expected finite",
    );
  }
  for (const dtype of ["f16", "int4"] as const) {
    assertThrows(
      store([0, 70000], dtype),
      RangeError,
      "element 1 is 70000, expected at most 65504. Use f32",
    );
  }
  assertEquals(
    dequantise(store([70000, 0], "int8")())[0],
    Math.fround(Math.fround(70000 / 127) * 127),
  );
});
