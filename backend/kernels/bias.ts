// Bias of a linear layer: y = x + b in every row, and its gradient, the sums of columns. Axes: R rows, N columns.
// Reads 4RN bytes, RN flop; the bias writes as much. Long sums have two stages, 64 rows and then those sums in
// order: deterministic.
import type { Arena } from "../arena.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import { sizeOf, type Tensor } from "../tensor.ts";
import { matrix } from "../checks.ts";

/** y = x + b: binds x [R, N], b [N], y [R, N]. */
export const addBiasKernel: Kernel = defineKernel({
  name: "addBias",
  bindings: [
    { name: "x", access: "read" },
    { name: "b", access: "read" },
    { name: "y", access: "read_write" },
  ],
  params: [["rows", "u32"]],
  fixed: ["N"],
  constants: { TASK: 64 },
  wgsl: () =>
    /* wgsl */ `${eachThreadWgsl("i", "p.rows * N")}
  y[i] = x[i] + b[i % N];
}`,
  workgroups: (p, f) => grid(p.rows * f.N),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f, wasm }, lo, hi) => {
      const { TASK } = f;
      for (let r = lo * TASK; r < Math.min(hi * TASK, p.rows); r++) {
        const row = 4 * r * f.N;
        wasm.add(b.x.byteOffset + row, b.b.byteOffset, b.y.byteOffset + row, f.N);
      }
    },
  }],
});

/** Rows of one sum, where there are more. */
const CHUNK = 64;

/** Sums of `chunk` rows at a time: binds x [R, N], sum [⌈R/chunk⌉, N]. */
export const columnSumsKernel: Kernel = defineKernel({
  name: "columnSums",
  bindings: [{ name: "x", access: "read" }, { name: "sum", access: "read_write" }],
  params: [["rows", "u32"], ["chunk", "u32"]],
  fixed: ["N"],
  wgsl: () =>
    /* wgsl */ `${eachThreadWgsl("i", "(p.rows + p.chunk - 1u) / p.chunk * N")}
  let first = i / N * p.chunk;
  var mine = 0.0;
  for (var r = first; r < min(first + p.chunk, p.rows); r++) { mine += x[r * N + i % N]; }
  sum[i] = mine;
}`,
  workgroups: (p, f) => grid(Math.ceil(p.rows / p.chunk) * f.N),
  cpu: [{
    tasks: (p) => Math.ceil(p.rows / p.chunk),
    run: ({ b, p, f, wasm }, lo, hi) => {
      for (let task = lo; task < hi; task++) {
        const sum = b.sum.byteOffset + 4 * task * f.N;
        b.sum.fill(0, task * f.N, task * f.N + f.N);
        for (let r = task * p.chunk; r < Math.min(task * p.chunk + p.chunk, p.rows); r++) {
          wasm.add(b.x.byteOffset + 4 * r * f.N, sum, sum, f.N);
        }
      }
    },
  }],
});

/**
 * Adds a bias to every row.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addBias, Arena, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "x");
 * const b = arena.upload([2], new Float32Array([10, -1]), "b");
 * assertEquals(await arena.read(addBias(arena, x, b)), new Float32Array([11, 1, 13, 3]));
 * ```
 *
 * @param x [R, N] f32; borrowed.
 * @param b [N] f32; borrowed.
 * @returns x + b [R, N] in `arena`.
 * @throws {TypeError} If `b` has not one number a column.
 */
export function addBias(arena: Arena, x: Tensor, b: Tensor): Tensor {
  const [rows, N] = matrix("addBias", "x", x);
  matrix("addBias", "b", b, 1, N);
  const y = arena.alloc(x.shape, "addBias.y");
  arena.dispatch(addBiasKernel, { bind: { x, b, y }, params: { rows }, fixed: { N } });
  return y;
}

/**
 * Sums of columns: the gradient of {@linkcode addBias} in the bias.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, columnSums, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const dy = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "dy");
 * assertEquals(await arena.read(columnSums(arena, dy)), new Float32Array([4, 6]));
 * ```
 *
 * @param dy [R, N] f32; borrowed.
 * @returns [N] in `arena`.
 */
export function columnSums(arena: Arena, dy: Tensor): Tensor {
  const [rows, N] = matrix("columnSums", "dy", dy);
  const chunks = Math.ceil(rows / CHUNK);
  const sums = (x: Tensor, chunk: number) => {
    const n = sizeOf(x.shape) / N, sum = arena.alloc([Math.ceil(n / chunk), N], "columnSums");
    arena.dispatch(columnSumsKernel, {
      bind: { x, sum },
      params: { rows: n, chunk },
      fixed: { N },
    });
    return { ...sum, shape: chunk === n ? [N] : sum.shape };
  };
  if (chunks === 1) return sums(dy, rows);
  const part = sums(dy, CHUNK), all = sums(part, chunks);
  arena.release(part);
  return all;
}
