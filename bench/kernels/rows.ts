// Benches of what works on rows: norms, rotary positions, SwiGLU, elementwise ops, rows by number.
import {
  add,
  type Arena,
  gatherRows,
  lerp,
  rmsNorm,
  rmsNormBackward,
  rmsNormWeightGrad,
  rope,
  scaleRows,
  scatterAddRows,
  siluMul,
  siluMulBackward,
  type Tensor,
} from "../../backend/mod.ts";
import type { KernelBench } from "../support/harness.ts";
import { Inputs } from "../support/inputs.ts";
import { config, LENGTH, stepSizes } from "../support/sizes.ts";

const { hiddenSize: D, intermediateSize: F, vocabSize: V, heads, headDim } = config;

/** A kernel on matrices of `cols` columns; `touched` of them are read or written, 4 bytes an element. */
function onRows(
  name: string,
  cols: number,
  touched: number,
  make: (on: Inputs, rows: number) => (arena: Arena) => Tensor,
): KernelBench {
  return {
    name,
    setup(device, size) {
      const { rows } = stepSizes(size);
      const on = new Inputs(device);
      const record = make(on, rows);
      return {
        shape: `[${rows}, ${cols}]`,
        bytes: 4 * touched * rows * cols,
        owned: on.done(),
        record,
      };
    },
  };
}

function norm(on: Inputs, rows: number) {
  const x = on.f32([rows, D]), w = on.f32([D]), dy = on.f32([rows, D]);
  return { x, w, dy, add: on.f32([rows, D]), inv: on.f32([rows], 0.1, 1) };
}

function rotated(inverse: boolean) {
  return (on: Inputs, rows: number) => {
    const x = on.f32([rows, D]), table = on.f32([config.maxPositions, headDim]);
    const positions = on.u32(rows, (r) => r % LENGTH);
    return (arena: Arena) => rope(arena, x, positions, table, { heads, inverse });
  };
}

/** Row kernels. */
export const rowBenches: readonly KernelBench[] = [
  onRows("rmsNorm", D, 2, (on, rows) => {
    const { x, w } = norm(on, rows);
    return (arena) => rmsNorm(arena, x, w, { eps: config.rmsEps }).y;
  }),
  onRows("rmsNorm backward", D, 3, (on, rows) => {
    const { x, w, dy, inv } = norm(on, rows);
    return (arena) => rmsNormBackward(arena, { x, w, dy, inv });
  }),
  onRows("rmsNorm backward + dx", D, 4, (on, rows) => {
    const all = norm(on, rows);
    return (arena) => rmsNormBackward(arena, all);
  }),
  onRows("rmsNorm weight gradient", D, 2, (on, rows) => {
    const { x, dy, inv } = norm(on, rows);
    return (arena) => rmsNormWeightGrad(arena, { x, dy, inv });
  }),
  onRows("rope", D, 2, rotated(false)),
  onRows("rope backward", D, 2, rotated(true)),
  onRows("siluMul", F, 3, (on, rows) => {
    const g = on.f32([rows, F]), u = on.f32([rows, F]);
    return (arena) => siluMul(arena, g, u);
  }),
  onRows("siluMul backward", F, 5, (on, rows) => {
    const g = on.f32([rows, F]), u = on.f32([rows, F]), dh = on.f32([rows, F]);
    return (arena) => siluMulBackward(arena, { g, u, dh }).dg;
  }),
  onRows("add", D, 3, (on, rows) => {
    const x = on.f32([rows, D]), y = on.f32([rows, D]);
    return (arena) => add(arena, x, y);
  }),
  onRows("scaleRows", D, 2, (on, rows) => {
    const x = on.f32([rows, D]), s = on.f32([rows]);
    return (arena) => scaleRows(arena, x, s);
  }),
  onRows("lerp", D, 3, (on, rows) => {
    const x = on.f32([rows, D]), y = on.f32([rows, D]);
    return (arena) => lerp(arena, x, y, 0.1);
  }),
  onRows("gatherRows (embedding)", D, 2, (on, rows) => {
    const table = on.f32([V, D]), ids = on.ids(rows, V);
    return (arena) => gatherRows(arena, table, ids);
  }),
  onRows("scatterAddRows (embedding backward)", D, 1, (on, rows) => {
    const dy = on.f32([rows, D]), ids = on.ids(rows, V);
    return (arena) => scatterAddRows(arena, dy, ids, V);
  }),
  onRows("scatterAddRows + dTable", D, 1, (on, rows) => {
    const dy = on.f32([rows, D]), ids = on.ids(rows, V), there = on.f32([V, D]);
    return (arena) => scatterAddRows(arena, dy, ids, V, there);
  }),
];
