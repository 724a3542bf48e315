// The key-value cache's write: cache[rowSequence[r], positions[r] − back] = x[r]. Axes: S sequences, R rows, W = KV·D.
// Reads and writes 4RW bytes. Deterministic where no two rows name the same cell.
import type { Arena } from "../arena.ts";
import { length, matrix } from "../checks.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import type { Tensor } from "../tensor.ts";

/** Binds x [R, W], rowSequence [R], positions [R], cache [S, capacity, W]. */
export const kvWriteKernel: Kernel = defineKernel({
  name: "kvWrite",
  bindings: [
    { name: "x", access: "read" },
    { name: "rowSequence", access: "read", type: "u32" },
    { name: "positions", access: "read", type: "u32" },
    { name: "cache", access: "read_write" },
  ],
  params: [["rows", "u32"], ["sequences", "u32"], ["capacity", "u32"], ["back", "u32"]],
  fixed: ["W"],
  constants: { TASK: 64 },
  wgsl: () =>
    /* wgsl */ `${eachThreadWgsl("i", "p.rows * W")}
  let row = i / W;
  let position = positions[row] - p.back; // below 0 it wraps past any capacity
  let sequence = rowSequence[row];
  if (position >= p.capacity || sequence >= p.sequences) { return; }
  cache[(sequence * p.capacity + position) * W + i % W] = x[i];
}`,
  workgroups: (p, f) => grid(p.rows * f.W),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f }, lo, hi) => {
      const { W, TASK } = f, to = Math.min(hi * TASK, p.rows);
      for (let row = lo * TASK; row < to; row++) {
        const position = b.positions[row] - p.back, sequence = b.rowSequence[row];
        if (position < 0 || position >= p.capacity || sequence >= p.sequences) continue;
        b.cache.set(
          b.x.subarray(row * W, (row + 1) * W),
          (sequence * p.capacity + position) * W,
        );
      }
    },
  }],
});

/**
 * Write rows into the cache: packed rows at prefill, one row a sequence (rowSequence = 0 … S − 1) when decoding.
 * A row whose cell is outside the cache is dropped: the caller checks positions.
 *
 * @param tensors `cache` [S, capacity, W] f32, overwritten; `x` [R, W] f32, `rowSequence` and `positions` [R] u32;
 * borrowed.
 * @param options `back` is taken off every position.
 * @throws {TypeError} If the shapes do not fit.
 */
export function kvWriteInPlace(
  arena: Arena,
  { cache, x, rowSequence, positions }: {
    cache: Tensor;
    x: Tensor;
    rowSequence: Tensor;
    positions: Tensor;
  },
  { back = 0 }: { back?: number } = {},
): void {
  if (cache.shape.length !== 3) {
    throw new TypeError(
      `Cannot run kvWriteInPlace: cache is [${cache.shape}], expected [sequences, capacity, width]`,
    );
  }
  const [sequences, capacity, W] = cache.shape;
  const [rows] = matrix("kvWriteInPlace", "x", x, undefined, W);
  length("kvWriteInPlace", "rowSequence", rowSequence, rows);
  length("kvWriteInPlace", "positions", positions, rows);
  arena.dispatch(kvWriteKernel, {
    bind: { x, rowSequence, positions, cache },
    params: { rows, sequences, capacity, back },
    fixed: { W },
  });
}
