// LayerNorm: y = x̂·w + b, x̂ = (x − mean)·inv, inv = 1/√(mean((x − mean)²) + eps) per row (Ba et al. 2016, eq. 4).
// Axes: R rows, D columns. Forward reads 4RD and writes 4RD bytes, 7RD flop. One workgroup a row; sums in a fixed tree,
// the weight's over 64 rows and then over those sums: deterministic.
import type { Arena } from "../arena.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import type { Tensor } from "../tensor.ts";
import { length, matrix } from "../checks.ts";
import { columnSums } from "./bias.ts";
import { eachColumnWgsl, ROW_WGSL, rowSumsWgsl } from "./row_wgsl.ts";

/** Rows of a task of the twins, and of one sum in the weight's gradient. */
const TASKS = { TASK: 64 } as const, CHUNKS = { CHUNK: 64 } as const;

/** Forward: binds x [R, D], w, b [D], y [R, D], mean, inv [R]; `BIAS` adds b. */
export const layerNormKernel: Kernel = defineKernel({
  name: "layerNorm",
  bindings: [
    { name: "x", access: "read" },
    { name: "w", access: "read" },
    { name: "b", access: "read" },
    { name: "y", access: "read_write" },
    { name: "mean", access: "read_write" },
    { name: "inv", access: "read_write" },
  ],
  params: [["rows", "u32"], ["eps", "f32"]],
  fixed: ["D", "BIAS"],
  constants: TASKS,
  wgsl: () =>
    /* wgsl */ `${ROW_WGSL}
  ${rowSumsWgsl({ sum: "x[at]" })}
  let m = sum / f32(D);
  workgroupBarrier();
  ${rowSumsWgsl({ squares: "d * d" }, "let d = x[at] - m;")}
  let i = 1.0 / sqrt(squares / f32(D) + p.eps);
  ${eachColumnWgsl("y[at] = (x[at] - m) * i * w[c] + select(0.0, b[c], BIAS == 1u);")}
  if (local == 0u) { mean[row] = m; inv[row] = i; }
}`,
  workgroups: (p) => grid(p.rows, 1),
  cpu: [{
    // LayerNorm is RMSNorm of the centred row.
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f, wasm, scratch, f32 }, lo, hi) => {
      const { D, TASK } = f, ones = scratch, centred = scratch + 4 * D;
      f32.fill(1, ones / 4, ones / 4 + D);
      for (let r = lo * TASK; r < Math.min(hi * TASK, p.rows); r++) {
        const x = b.x.byteOffset + 4 * r * D, y = b.y.byteOffset + 4 * r * D;
        b.mean[r] = wasm.dot(x, ones, D) / D;
        f32.copyWithin(centred / 4, x / 4, x / 4 + D);
        wasm.axpy(ones, centred, D, -b.mean[r]);
        wasm.rmsNorm(centred, b.w.byteOffset, y, 1, D, p.eps, b.inv.byteOffset + 4 * r);
        if (f.BIAS === 1) wasm.add(y, b.b.byteOffset, y, D);
      }
    },
  }],
});

/** Backward in x: binds x, dy, add [R, D], w [D], mean, inv [R], dx [R, D]; `ADD` adds the gradient that is there. */
export const layerNormBackwardKernel: Kernel = defineKernel({
  name: "layerNormBackward",
  bindings: [
    { name: "x", access: "read" },
    { name: "w", access: "read" },
    { name: "mean", access: "read" },
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
  let m = mean[row];
  let i = inv[row];
  ${
      rowSumsWgsl(
        { plain: "slope", along: "slope * (x[at] - m) * i" },
        "let slope = w[c] * dy[at];",
      )
    }
  let meanSlope = plain / f32(D);
  let meanAlong = along / f32(D);
  ${
      eachColumnWgsl(
        "let g = i * (w[c] * dy[at] - meanSlope - (x[at] - m) * i * meanAlong);",
        "dx[at] = g + select(0.0, add[at], ADD == 1u);",
      )
    }
}`,
  workgroups: (p) => grid(p.rows, 1),
  cpu: [{
    // RMSNorm's gradient at the centred row, less its mean: that mean is inv·mean(w·dy), because the centred row's is 0.
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f, wasm, scratch, f32 }, lo, hi) => {
      const { D, TASK } = f, ones = scratch, centred = scratch + 4 * D, w = b.w.byteOffset;
      f32.fill(1, ones / 4, ones / 4 + D);
      for (let r = lo * TASK; r < Math.min(hi * TASK, p.rows); r++) {
        const row = 4 * r * D, dx = b.dx.byteOffset + row, dy = b.dy.byteOffset + row;
        const x = b.x.byteOffset + row, add = b.add.byteOffset + row;
        f32.copyWithin(centred / 4, x / 4, x / 4 + D);
        wasm.axpy(ones, centred, D, -b.mean[r]);
        if (f.ADD === 1) f32.copyWithin(dx / 4, add / 4, add / 4 + D);
        wasm.rmsNormBackward(centred, w, b.inv.byteOffset + 4 * r, dy, dx, 1, D, f.ADD);
        wasm.axpy(ones, dx, D, -b.inv[r] * wasm.dot(w, dy, D) / D);
      }
    },
  }],
});

/** First stage of the weight's gradient: binds x, dy [R, D], mean, inv [R], part [⌈R/CHUNK⌉, D], each over CHUNK rows. */
export const layerNormWeightGradKernel: Kernel = defineKernel({
  name: "layerNormWeightGrad",
  bindings: [
    { name: "x", access: "read" },
    { name: "mean", access: "read" },
    { name: "inv", access: "read" },
    { name: "dy", access: "read" },
    { name: "part", access: "read_write" },
  ],
  params: [["rows", "u32"]],
  fixed: ["D"],
  constants: CHUNKS,
  wgsl: () =>
    /* wgsl */ `${eachThreadWgsl("i", "(p.rows + CHUNK - 1u) / CHUNK * D")}
  let first = i / D * CHUNK;
  let c = i % D;
  var sum = 0.0;
  for (var r = first; r < min(first + CHUNK, p.rows); r++) {
    sum += dy[r * D + c] * (x[r * D + c] - mean[r]) * inv[r];
  }
  part[i] = sum;
}`,
  workgroups: (p, f) => grid(Math.ceil(p.rows / f.CHUNK) * f.D),
  cpu: [{
    // Scalar: only where a norm's weight trains.
    tasks: (p, f) => Math.ceil(p.rows / f.CHUNK),
    run: ({ b, p, f }, lo, hi) => {
      const { x, dy } = b, { D, CHUNK } = f;
      for (let task = lo; task < hi; task++) {
        const sums = new Float64Array(D), first = task * CHUNK;
        for (let r = first; r < Math.min(first + CHUNK, p.rows); r++) {
          const mean = b.mean[r], inv = b.inv[r], row = r * D;
          for (let c = 0; c < D; c++) sums[c] += dy[row + c] * (x[row + c] - mean) * inv;
        }
        b.part.set(sums, task * D);
      }
    },
  }],
});

/**
 * Layer normalisation of rows.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, layerNorm, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([1, 2], new Float32Array([10, 14]), "x");
 * const w = arena.upload([2], new Float32Array([3, 3]), "w");
 * const { y, mean } = layerNorm(arena, x, w, undefined, { eps: 0 });
 * const read = await arena.readAll({ y, mean });
 * assertEquals([[...read.y], [...read.mean]], [[-3, 3], [12]]);
 * ```
 *
 * @param x [R, D] f32; borrowed.
 * @param w [D] f32 gain; borrowed.
 * @param b [D] f32 shift, none if undefined; borrowed.
 * @returns `y` [R, D] and the rows' means and inverse standard deviations `mean`, `inv` [R], for the backward pass; in `arena`.
 * @throws {TypeError} If the shapes do not fit.
 * @see Ba et al. 2016, eq. 4, https://arxiv.org/abs/1607.06450
 */
export function layerNorm(
  arena: Arena,
  x: Tensor,
  w: Tensor,
  b: Tensor | undefined,
  { eps }: { eps: number },
): { y: Tensor; mean: Tensor; inv: Tensor } {
  const [rows, D] = matrix("layerNorm", "x", x);
  matrix("layerNorm", "w", w, 1, D);
  if (b !== undefined) matrix("layerNorm", "b", b, 1, D);
  const y = arena.alloc([rows, D], "layerNorm.y");
  const mean = arena.alloc([rows], "layerNorm.mean"), inv = arena.alloc([rows], "layerNorm.inv");
  arena.dispatch(layerNormKernel, {
    bind: { x, w, b: b ?? w, y, mean, inv },
    params: { rows, eps },
    fixed: { D, BIAS: b === undefined ? 0 : 1 },
  });
  return { y, mean, inv };
}

/**
 * Gradient of {@linkcode layerNorm} in x: dx = inv·(w·dy − mean(w·dy) − x̂·mean(w·dy·x̂)), plus `add` where given.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, layerNorm, layerNormBackward, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([1, 2], new Float32Array([10, 14]), "x");
 * const w = arena.upload([2], new Float32Array([1, 1]), "w");
 * const { mean, inv } = layerNorm(arena, x, w, undefined, { eps: 0 });
 * const dx = layerNormBackward(arena, { x, w, mean, inv, dy: x, add: w });
 * assertEquals([...await arena.read(dx)], [1, 1]); // two columns always give ±1: no slope
 * ```
 *
 * @returns dx [R, D] in `arena`.
 * @throws {TypeError} If the shapes do not fit.
 */
export function layerNormBackward(
  arena: Arena,
  { x, w, mean, inv, dy, add }: {
    x: Tensor;
    w: Tensor;
    mean: Tensor;
    inv: Tensor;
    dy: Tensor;
    add?: Tensor;
  },
): Tensor {
  const [rows, D] = matrix("layerNormBackward", "x", x);
  matrix("layerNormBackward", "w", w, 1, D);
  length("layerNormBackward", "mean", mean, rows);
  length("layerNormBackward", "inv", inv, rows);
  matrix("layerNormBackward", "dy", dy, rows, D);
  if (add !== undefined) matrix("layerNormBackward", "add", add, rows, D);
  const dx = arena.alloc([rows, D], "layerNorm.dx");
  arena.dispatch(layerNormBackwardKernel, {
    bind: { x, w, mean, inv, dy, add: add ?? dy, dx },
    params: { rows },
    fixed: { D, ADD: add === undefined ? 0 : 1 },
  });
  return dx;
}

/**
 * Gradient of {@linkcode layerNorm} in w: dw = Σ_r dy·x̂. That in b is `columnSums` of dy.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, layerNorm, layerNormWeightGrad, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([1, 2], new Float32Array([10, 14]), "x");
 * const w = arena.upload([2], new Float32Array([1, 1]), "w");
 * const { mean, inv } = layerNorm(arena, x, w, undefined, { eps: 0 });
 * const dw = layerNormWeightGrad(arena, { x, mean, inv, dy: x });
 * assertEquals([...await arena.read(dw)], [-10, 14]);
 * ```
 *
 * @returns dw [D] in `arena`.
 * @throws {TypeError} If the shapes do not fit.
 */
export function layerNormWeightGrad(
  arena: Arena,
  { x, mean, inv, dy }: { x: Tensor; mean: Tensor; inv: Tensor; dy: Tensor },
): Tensor {
  const [rows, D] = matrix("layerNormWeightGrad", "x", x);
  length("layerNormWeightGrad", "mean", mean, rows);
  length("layerNormWeightGrad", "inv", inv, rows);
  matrix("layerNormWeightGrad", "dy", dy, rows, D);
  const part = arena.alloc([Math.ceil(rows / CHUNKS.CHUNK), D], "layerNorm.dwPart");
  arena.dispatch(layerNormWeightGradKernel, {
    bind: { x, mean, inv, dy, part },
    params: { rows },
    fixed: { D },
  });
  const dw = columnSums(arena, part);
  arena.release(part);
  return dw;
}
