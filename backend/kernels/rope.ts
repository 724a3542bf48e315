// Rotary position embedding (Su et al. 2021, eq. 34; pairs i and i + D/2 as in Hugging Face's Llama):
// y_i = x_i·cos a − x_{i+D/2}·sin a, y_{i+D/2} = x_{i+D/2}·cos a + x_i·sin a, a = (position − back)·theta^(−2i/D).
// Only the first D numbers of a head of N turn, the others pass (partial rotary: GPT-NeoX, Phi-4).
// Axes: R rows, H heads, N ≥ D numbers a head. Cosines and sines come from a host table, so that both devices turn by
// the same numbers (f32 sines of large angles are poor on GPUs). Reads and writes 4RHN bytes, 3RHD flop. Deterministic.
import type { Arena } from "../arena.ts";
import { length, matrix } from "../checks.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import type { Tensor } from "../tensor.ts";

/** Binds x [R, H·N], positions [R], table [P, D] (D/2 cosines, then D/2 sines), y [R, H·N]. */
export const ropeKernel: Kernel = defineKernel({
  name: "rope",
  bindings: [
    { name: "x", access: "read" },
    { name: "positions", access: "read", type: "u32" },
    { name: "table", access: "read" },
    { name: "y", access: "read_write" },
  ],
  params: [["rows", "u32"], ["back", "u32"], ["sign", "f32"]],
  fixed: ["H", "N", "D"],
  constants: { TASK: 64 },
  wgsl: () =>
    /* wgsl */ `${eachThreadWgsl("thread", "p.rows * H * (N - D / 2u)")}
  // A thread has a pair of numbers that turn, or one that passes.
  let half = D / 2u;
  let threads = N - half;
  let i = thread % threads;
  let low = (thread / threads) * N + i;
  if (i >= half) {
    y[low + half] = x[low + half];
    return;
  }
  let row = thread / (H * threads);
  let turn = (positions[row] - p.back) * D + i;
  let cosine = table[turn];
  let sine = p.sign * table[turn + half];
  let a = x[low];
  let b = x[low + half];
  y[low] = a * cosine - b * sine;
  y[low + half] = b * cosine + a * sine;
}`,
  workgroups: (p, f) => grid(p.rows * f.H * (f.N - f.D / 2)),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f }, lo, hi) => {
      const { x, y, table, positions } = b, { H, N, D, TASK } = f;
      const half = D / 2, to = Math.min(hi * TASK, p.rows);
      for (let row = lo * TASK; row < to; row++) {
        const turn = (positions[row] - p.back) * D;
        for (let low = row * H * N; low < (row + 1) * H * N; low += N) {
          for (let i = 0; i < half; i++) {
            const cosine = table[turn + i], sine = p.sign * table[turn + half + i];
            const first = x[low + i], second = x[low + half + i];
            y[low + i] = first * cosine - second * sine;
            y[low + half + i] = second * cosine + first * sine;
          }
          for (let i = D; i < N; i++) y[low + i] = x[low + i];
        }
      }
    },
  }],
});

/**
 * Turn every head of every row by its position: as many numbers of it as the table is wide; the others pass.
 *
 * @param x [R, H·headDim] f32; borrowed.
 * @param positions [R] u32; borrowed. `positions[r] − back` must be a row of the table: a device cannot throw,
 * so the caller checks it.
 * @param table [P, D] f32: a row holds the D/2 cosines of its position, then the D/2 sines; borrowed.
 * @param options `heads` H; `headDim`, at least D (default: D); `back` is taken off every position; `inverse` turns the other way, which is the
 * gradient: dx = rope(dy, inverse).
 * @returns y [R, H·headDim] in `arena`.
 * @throws {TypeError} If the shapes do not fit.
 * @throws {RangeError} If the table is wider than a head, or of an odd width.
 */
export function rope(
  arena: Arena,
  x: Tensor,
  positions: Tensor,
  table: Tensor,
  { heads, headDim, back = 0, inverse = false }: {
    heads: number;
    headDim?: number;
    back?: number;
    inverse?: boolean;
  },
): Tensor {
  const [, D] = matrix("rope", "table", table), N = headDim ?? D;
  if (!(D % 2 === 0 && D <= N)) {
    throw new RangeError(
      `Cannot run rope: the table is ${D} wide, expected an even number up to headDim, ${N}`,
    );
  }
  const [rows] = matrix("rope", "x", x, undefined, heads * N);
  length("rope", "positions", positions, rows);
  const y = arena.alloc([rows, heads * N], "rope.y");
  arena.dispatch(ropeKernel, {
    bind: { x, positions, table, y },
    params: { rows, back, sign: inverse ? -1 : 1 },
    fixed: { H: heads, N, D },
  });
  return y;
}
