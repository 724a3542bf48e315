// Random numbers without state: a key is data, a draw is a function of a key and a counter (Threefry-2x32-20,
// Salmon et al. 2011). Nothing here depends on the order of calls, so a resumed run draws what it would have.

/** Random state: two u32 words. A seed is a user's number; a key is what functions take. */
export type Key = readonly [number, number];

const ROTATIONS = [[13, 15, 26, 6], [17, 29, 16, 24]];

/**
 * One block of Threefry-2x32-20: encrypts `counter` under `key`.
 *
 * @example
 * ```ts
 * import { threefry } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals(threefry([0, 0], [0, 0]), [0x6b200159, 0x99ba4efe]); // Random123's known answer
 * ```
 */
export function threefry(key: Key, counter: Key): Key {
  const ks = [key[0] >>> 0, key[1] >>> 0, (0x1bd11bda ^ key[0] ^ key[1]) >>> 0];
  let x0 = (counter[0] + ks[0]) >>> 0;
  let x1 = (counter[1] + ks[1]) >>> 0;
  for (let round = 0; round < 5; round++) {
    for (const r of ROTATIONS[round % 2]) {
      x0 = (x0 + x1) >>> 0;
      x1 = (((x1 << r) | (x1 >>> (32 - r))) ^ x0) >>> 0;
    }
    x0 = (x0 + ks[(round + 1) % 3]) >>> 0;
    x1 = (x1 + ks[(round + 2) % 3] + round + 1) >>> 0;
  }
  return [x0, x1];
}

/**
 * The key of a user's seed.
 *
 * @throws {RangeError} If the seed is not a whole number from 0 to 2^53 − 1.
 * @example
 * ```ts
 * import { fold, keyOf } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * const forStep3 = fold(keyOf(42), 3);
 * assert(forStep3.length === 2);
 * ```
 */
export function keyOf(seed: number): Key {
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new RangeError(
      `Cannot make a key: seed is ${seed}, expected a whole number from 0 to 2^53 − 1`,
    );
  }
  return threefry([0x4c656173, 0x68], [seed >>> 0, Math.floor(seed / 2 ** 32)]);
}

/**
 * A new, independent key from a key and a number (a step, a member) or a short name.
 *
 * @example
 * ```ts
 * import { fold, keyOf } from "@leash/bpo/core";
 * import { assertNotEquals } from "@std/assert";
 * const key = keyOf(1);
 * assertNotEquals(fold(key, "adapter"), fold(key, "prompts"));
 * assertNotEquals(fold(key, 0), fold(key, 1));
 * ```
 */
export function fold(key: Key, data: number | string): Key {
  if (typeof data === "number") return threefry(key, [data >>> 0, Math.floor(data / 2 ** 32) + 1]);
  let out = key;
  for (const char of data) out = threefry(out, [char.codePointAt(0)!, 0x73747231]);
  return out;
}

/**
 * n numbers uniform in [0, 1), 24 bits each.
 *
 * @example
 * ```ts
 * import { keyOf, uniforms } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * assert(uniforms(keyOf(1), 5).every((u) => u >= 0 && u < 1));
 * ```
 */
export function uniforms(key: Key, n: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i += 2) {
    const [a, b] = threefry(key, [i / 2, 0]);
    out[i] = (a >>> 8) / 2 ** 24;
    if (i + 1 < n) out[i + 1] = (b >>> 8) / 2 ** 24;
  }
  return out;
}

/**
 * n standard normal numbers (Box–Muller).
 *
 * @example
 * ```ts
 * import { keyOf, normals } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals(normals(keyOf(1), 3), normals(keyOf(1), 5).slice(0, 3)); // a key and a counter, no state
 * ```
 */
export function normals(key: Key, n: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i += 2) {
    const [a, b] = threefry(key, [i / 2, 1]);
    const radius = Math.sqrt(-2 * Math.log((a + 0.5) / 2 ** 32));
    const angle = 2 * Math.PI * b / 2 ** 32;
    out[i] = radius * Math.cos(angle);
    if (i + 1 < n) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/**
 * The numbers 0 … n−1 in random order (Fisher–Yates).
 *
 * @example
 * ```ts
 * import { keyOf, permutation } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals([...permutation(keyOf(1), 4)].sort(), [0, 1, 2, 3]);
 * ```
 */
export function permutation(key: Key, n: number): Uint32Array<ArrayBuffer> {
  const order = new Uint32Array(n).map((_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(threefry(key, [i, 2])[0] / 2 ** 32 * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
