/** Test bench for the WebAssembly kernels: an instance, guarded memory, and errors that say how far off. */
import { buildModule, type WasmKernels } from "../../../backend/cpu/wasm.ts";

/** Every build that the CPU device may choose. */
export const BUILDS: readonly { fma: boolean; shared: boolean }[] = [
  { fma: true, shared: true },
  { fma: true, shared: false },
  { fma: false, shared: true },
  { fma: false, shared: false },
];
/** Around the lane, the panel, the tile and the row block, and two model widths. */
export const SIZES: readonly number[] = [1, 7, 8, 9, 31, 32, 33, 64, 65, 128, 172];
/** Half a unit in the last place of a float near 1. */
export const HALF_ULP: number = 2 ** -24;
const GUARD = 12345.5;

/** An instance with a bump allocator; every block lies between guard words. */
export class Bench {
  readonly kernels: WasmKernels;
  readonly floats: Float32Array;
  #top = 64;
  #blocks: { start: number; end: number }[] = [];

  constructor(build: { fma: boolean; shared: boolean }, pages = 64) {
    const memory = new WebAssembly.Memory({
      initial: pages,
      maximum: pages,
      shared: build.shared,
    });
    const module = new WebAssembly.Module(buildModule(build));
    const exports = new WebAssembly.Instance(module, { env: { memory } }).exports;
    this.kernels = exports as unknown as WasmKernels;
    this.floats = new Float32Array(memory.buffer);
  }

  /** Forgets all blocks. */
  reset(): void {
    this.#top = 64;
    this.#blocks = [];
  }

  /** The byte offset of a copy of the values. */
  place(values: ArrayLike<number>): number {
    const start = this.#top + 1;
    const end = start + values.length;
    if (end >= this.floats.length) throw new RangeError("Cannot place the block: memory is full");
    this.floats[start - 1] = GUARD;
    this.floats.set(values, start);
    this.floats[end] = GUARD;
    this.#blocks.push({ start, end });
    this.#top = end + 1;
    return 4 * start;
  }

  /** A block of n NaNs: memory that must be written before it is read. */
  poison(n: number): number {
    return this.place(new Float32Array(n).fill(NaN));
  }

  /** A copy of n floats at a byte offset. */
  read(pointer: number, n: number): Float32Array {
    return this.floats.slice(pointer / 4, pointer / 4 + n);
  }

  /** Throws if a kernel wrote outside of its blocks. */
  checkGuards(what: string): void {
    for (const { start, end } of this.#blocks) {
      if (this.floats[start - 1] !== GUARD || this.floats[end] !== GUARD) {
        throw new Error(`${what} wrote outside of the block of ${end - start} floats`);
      }
    }
  }
}

/** n floats in [−1, 1), the same for the same seed. */
export function uniform(n: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Throws unless |actual − expected| ≤ tolerance(i) everywhere; says how far, how many, where. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: (i: number) => number,
  what: string,
): void {
  if (actual.length !== expected.length) throw new Error(`${what}: lengths differ`);
  let wrong = 0;
  let worst = 0;
  let where = -1;
  for (let i = 0; i < expected.length; i++) {
    const excess = Math.abs(actual[i] - expected[i]) / Math.max(tolerance(i), 1e-45);
    if (excess <= 1 || Object.is(actual[i], expected[i])) continue;
    wrong++;
    if (!(excess <= worst)) [worst, where] = [excess, i];
  }
  if (wrong === 0) return;
  throw new Error(
    `${what}: ${wrong} of ${expected.length} are off, worst ${worst.toPrecision(3)} tolerances ` +
      `at ${where}: ${actual[where]}, expected ${expected[where]}`,
  );
}

/** Name of a build, for messages. */
export function buildName(build: { fma: boolean; shared: boolean }): string {
  return `${build.fma ? "fma" : "no fma"}, ${build.shared ? "shared" : "unshared"}`;
}

/** Panels of 8 columns that N columns take. */
export const panels = (N: number): number => Math.ceil(N / 8);

/** Packs B [K, N] (row stride N) on the bench. */
export function packed(bench: Bench, B: Float32Array, K: number, N: number): number {
  const source = bench.place(B);
  const target = bench.poison(panels(N) * K * 8);
  bench.kernels.packB(source, N, 0, K, N, target, 0, panels(N));
  return target;
}
