// RMSNorm: y = x·w·inv, inv = 1/√(mean(x²) + eps) per row (Zhang & Sennrich 2019, eq. 4). Axes: R rows, D columns.
// Forward reads 4RD and writes 4RD bytes, 4RD flop. One workgroup a row; sums in a fixed tree: deterministic.
import type { Arena } from "../arena.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import type { Tensor } from "../tensor.ts";
import { matrix } from "../checks.ts";
import { eachColumnWgsl, ROW_WGSL, rowSumsWgsl } from "./row_wgsl.ts";

/** Rows of a task of the twins. */
const TASKS = { TASK: 64 } as const;

/** Forward: binds x [R, D], w [D], y [R, D], inv [R]. */
export const rmsNormKernel: Kernel = defineKernel({
  name: "rmsNorm",
  bindings: [
    { name: "x", access: "read" },
    { name: "w", access: "read" },
    { name: "y", access: "read_write" },
    { name: "inv", access: "read_write" },
  ],
  params: [["rows", "u32"], ["eps", "f32"]],
  fixed: ["D"],
  constants: TASKS,
  wgsl: () =>
    /* wgsl */ `${ROW_WGSL}
  ${rowSumsWgsl({ squares: "v * v" }, "let v = x[at];")}
  let i = 1.0 / sqrt(squares / f32(D) + p.eps);
  ${eachColumnWgsl("y[at] = x[at] * w[c] * i;")}
  if (local == 0u) { inv[row] = i; }
}`,
  workgroups: (p) => grid(p.rows, 1),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f, wasm }, lo, hi) => {
      const { D, TASK } = f, from = lo * TASK, to = Math.min(hi * TASK, p.rows);
      const at = (view: Float32Array, index: number) => view.byteOffset + index * 4;
      wasm.rmsNorm(
        at(b.x, from * D),
        b.w.byteOffset,
        at(b.y, from * D),
        to - from,
        D,
        p.eps,
        at(b.inv, from),
      );
    },
  }],
});

/** Backward in x: binds x, dy, add [R, D], w [D], inv [R], dx [R, D]; `ADD` adds the gradient that is there. */
export const rmsNormBackwardKernel: Kernel = defineKernel({
  name: "rmsNormBackward",
  bindings: [
    { name: "x", access: "read" },
    { name: "w", access: "read" },
    { name: "inv", access: "read" },
    { name: "dy", access: "read" },
    { name: "add", access: "read" },
    { name: "dx", access: "read_write" },
  ],
  params: [["rows", "u32"]],
  fixed: ["D", "ADD"],
  constants: TASKS,
  wgsl: () =>
    /* wgsl */ `${ROW_WGSL}
  ${rowSumsWgsl({ along: "x[at] * w[c] * dy[at]" })}
  let i = inv[row];
  let k = i * i * i * along / f32(D);
  ${eachColumnWgsl("dx[at] = i * w[c] * dy[at] - x[at] * k + select(0.0, add[at], ADD == 1u);")}
}`,
  workgroups: (p) => grid(p.rows, 1),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f, wasm }, lo, hi) => {
      const { D, TASK } = f, from = lo * TASK, to = Math.min(hi * TASK, p.rows);
      const at = (view: Float32Array, index: number) => view.byteOffset + index * 4;
      const start = from * D, end = to * D;
      if (f.ADD === 1) b.dx.set(b.add.subarray(start, end), start);
      wasm.rmsNormBackward(
        at(b.x, start),
        b.w.byteOffset,
        at(b.inv, from),
        at(b.dy, start),
        at(b.dx, start),
        to - from,
        D,
        f.ADD,
      );
    },
  }],
});

/** Gradient of the weight: binds x, dy [R, D], inv [R], dw [D]; one thread a column, rows in order. */
export const rmsNormWeightGradKernel: Kernel = defineKernel({
  name: "rmsNormWeightGrad",
  bindings: [
    { name: "x", access: "read" },
    { name: "inv", access: "read" },
    { name: "dy", access: "read" },
    { name: "dw", access: "read_write" },
  ],
  params: [["rows", "u32"]],
  fixed: ["D"],
  constants: { COLUMNS: 16 }, // of a task of the twin
  wgsl: () =>
    /* wgsl */ `${eachThreadWgsl("c", "D")}
  var sum = 0.0;
  for (var r = 0u; r < p.rows; r++) { sum += dy[r * D + c] * x[r * D + c] * inv[r]; }
  dw[c] = sum;
}`,
  workgroups: (_, f) => grid(f.D),
  cpu: [{
    tasks: (_, f) => Math.ceil(f.D / f.COLUMNS),
    run: ({ b, p, f }, lo, hi) => {
      const { D, COLUMNS } = f, from = lo * COLUMNS, to = Math.min(hi * COLUMNS, D);
      const sums = new Float64Array(to - from);
      for (let r = 0; r < p.rows; r++) {
        const inv = b.inv[r], row = r * D;
        for (let c = from; c < to; c++) sums[c - from] += b.dy[row + c] * b.x[row + c] * inv;
      }
      b.dw.set(sums, from);
    },
  }],
});

/**
 * Root-mean-square normalisation of rows.
 *
 * @param x [R, D] f32; borrowed.
 * @param w [D] f32 gain; borrowed.
 * @returns `y` [R, D] and the inverse root mean squares `inv` [R] that the backward pass needs; both in `arena`.
 * @throws {TypeError} If the shapes do not fit.
 */
export function rmsNorm(
  arena: Arena,
  x: Tensor,
  w: Tensor,
  { eps }: { eps: number },
): { y: Tensor; inv: Tensor } {
  const [rows, D] = matrix("rmsNorm", "x", x);
  matrix("rmsNorm", "w", w, 1, D);
  const y = arena.alloc([rows, D], "rmsNorm.y");
  const inv = arena.alloc([rows], "rmsNorm.inv");
  arena.dispatch(rmsNormKernel, { bind: { x, w, y, inv }, params: { rows, eps }, fixed: { D } });
  return { y, inv };
}

/**
 * Gradient of {@linkcode rmsNorm} in x: dx = inv·(w·dy) − x·inv³·mean(x·w·dy), plus `add` where given.
 *
 * @returns dx [R, D] in `arena`.
 */
export function rmsNormBackward(
  arena: Arena,
  { x, w, inv, dy, add }: { x: Tensor; w: Tensor; inv: Tensor; dy: Tensor; add?: Tensor },
): Tensor {
  const [rows, D] = matrix("rmsNormBackward", "x", x);
  matrix("rmsNormBackward", "dy", dy, rows, D);
  if (add !== undefined) matrix("rmsNormBackward", "add", add, rows, D);
  const dx = arena.alloc([rows, D], "rmsNorm.dx");
  arena.dispatch(rmsNormBackwardKernel, {
    bind: { x, w, inv, dy, add: add ?? dy, dx },
    params: { rows },
    fixed: { D, ADD: add === undefined ? 0 : 1 },
  });
  return dx;
}

/**
 * Gradient of {@linkcode rmsNorm} in w: dw = Σ_r dy·x·inv.
 *
 * @returns dw [D] in `arena`.
 */
export function rmsNormWeightGrad(
  arena: Arena,
  { x, inv, dy }: { x: Tensor; inv: Tensor; dy: Tensor },
): Tensor {
  const [rows, D] = matrix("rmsNormWeightGrad", "x", x);
  matrix("rmsNormWeightGrad", "dy", dy, rows, D);
  const dw = arena.alloc([D], "rmsNorm.dw");
  arena.dispatch(rmsNormWeightGradKernel, {
    bind: { x, inv, dy, dw },
    params: { rows },
    fixed: { D },
  });
  return dw;
}
