// Seeded numbers for tests.

/** Uniform numbers in [−scale, scale). */
export function uniform(n: number, seed: number, scale = 1): Float32Array<ArrayBuffer> {
  let s = Math.imul(seed + 1, 2654435761) >>> 0;
  return new Float32Array(n).map(() => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s / 2 ** 31 - 1) * scale;
  });
}

/** Whole numbers in [0, below). */
export function integers(n: number, seed: number, below: number): Uint32Array<ArrayBuffer> {
  const x = uniform(n, seed);
  return new Uint32Array(n).map((_, i) => Math.min(below - 1, Math.floor((x[i] + 1) / 2 * below)));
}
