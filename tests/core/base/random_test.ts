import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { fold, keyOf, normals, permutation, threefry, uniforms } from "../../../core/mod.ts";

Deno.test("threefry() gives the published answers (Random123, kat_vectors, threefry2x32 20)", () => {
  const table: [number[], number[], number[]][] = [
    [[0, 0], [0, 0], [0x6b200159, 0x99ba4efe]],
    [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], [0x1cb996fc, 0xbb002be7]],
    [[0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], [0xc4923a9c, 0x483df7a0]],
  ];
  for (const [key, counter, out] of table) {
    assertEquals([...threefry([key[0], key[1]], [counter[0], counter[1]])], out);
  }
});

Deno.test("fold() gives different keys for different numbers and names, the same for the same", () => {
  const key = keyOf(1);
  const keys = [
    fold(key, 0),
    fold(key, 1),
    fold(key, 2 ** 32),
    fold(key, "a"),
    fold(key, "ab"),
    fold(key, "b"),
    key,
  ];
  assertEquals(new Set(keys.map(String)).size, keys.length);
  assertEquals(fold(key, "a"), fold(keyOf(1), "a"));
  assertNotEquals(keyOf(1), keyOf(1 + 2 ** 32));
});

Deno.test("keyOf() refuses what is not a whole number", () => {
  for (const seed of [-1, 1.5, NaN, 2 ** 53]) {
    assertThrows(() => keyOf(seed), RangeError, `seed is ${seed}`);
  }
});

Deno.test("uniforms() and normals() have the moments of their distributions, and any prefix is the same", () => {
  const n = 20000, u = uniforms(keyOf(3), n), z = normals(keyOf(3), n);
  const mean = (x: Float32Array) => x.reduce((a, b) => a + b, 0) / n;
  const square = (x: Float32Array) => x.reduce((a, b) => a + b * b, 0) / n;
  assert(u.every((x) => x >= 0 && x < 1));
  assertAlmostEquals(mean(u), 0.5, 4 * Math.sqrt(1 / 12 / n));
  assertAlmostEquals(mean(z), 0, 4 / Math.sqrt(n));
  assertAlmostEquals(square(z), 1, 4 * Math.sqrt(2 / n));
  assertEquals(uniforms(keyOf(3), 7), u.slice(0, 7));
});

Deno.test("permutation() holds every number once, and its first place is uniform", () => {
  assertEquals(
    [...permutation(keyOf(5), 100)].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  );
  const counts = [0, 0, 0, 0];
  for (let seed = 0; seed < 4000; seed++) counts[permutation(keyOf(seed), 4)[0]]++;
  for (const count of counts) {
    assertAlmostEquals(count / 4000, 0.25, 4 * Math.sqrt(0.25 * 0.75 / 4000));
  }
});
