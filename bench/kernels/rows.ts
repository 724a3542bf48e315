// Benches of what works on rows: norms, biases, rotary positions, activations, elementwise ops, parts of columns, rows
// by number.
import {
  type Activation,
  activation,
  activationBackward,
  activationMul,
  activationMulBackward,
  add,
  addBias,
  type Arena,
  type Columns,
  columnSums,
  gatherRows,
  joinColumns,
  layerNorm,
  layerNormBackward,
  layerNormWeightGrad,
  lerp,
  rmsNorm,
  rmsNormBackward,
  rmsNormWeightGrad,
  rope,
  scale,
  scaleRows,
  scatterAddRows,
  softcap,
  splitColumns,
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

/** The part of F columns that begins at `offset` and is half of them. */
const half = (offset: number): Columns => ({ groups: 1, stride: F, offset, width: F / 2 });

/** An activation, gated and plain, and back. */
function activations(kind: Activation): KernelBench[] {
  return [
    onRows(`activationMul ${kind}`, F, 3, (on, rows) => {
      const g = on.f32([rows, F], 3), u = on.f32([rows, F]);
      return (arena) => activationMul(arena, kind, g, u);
    }),
    onRows(`activationMul ${kind} backward`, F, 5, (on, rows) => {
      const g = on.f32([rows, F], 3), u = on.f32([rows, F]), dh = on.f32([rows, F]);
      return (arena) => activationMulBackward(arena, kind, { g, u, dh }).dg;
    }),
    onRows(`activation ${kind}`, F, 2, (on, rows) => {
      const g = on.f32([rows, F], 3);
      return (arena) => activation(arena, kind, g);
    }),
    onRows(`activation ${kind} backward`, F, 3, (on, rows) => {
      const g = on.f32([rows, F], 3), dh = on.f32([rows, F]);
      return (arena) => activationBackward(arena, kind, { g, dh });
    }),
  ];
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
  onRows("layerNorm", D, 2, (on, rows) => {
    const { x, w } = norm(on, rows);
    return (arena) => layerNorm(arena, x, w, w, { eps: config.rmsEps }).y;
  }),
  onRows("layerNorm backward", D, 3, (on, rows) => {
    const { x, w, dy, inv } = norm(on, rows);
    return (arena) => layerNormBackward(arena, { x, w, dy, mean: inv, inv });
  }),
  onRows("layerNorm weight gradient", D, 2, (on, rows) => {
    const { x, dy, inv } = norm(on, rows);
    return (arena) => layerNormWeightGrad(arena, { x, dy, mean: inv, inv });
  }),
  onRows("addBias", D, 2, (on, rows) => {
    const x = on.f32([rows, D]), b = on.f32([D]);
    return (arena) => addBias(arena, x, b);
  }),
  onRows("columnSums (addBias backward)", D, 1, (on, rows) => {
    const dy = on.f32([rows, D]);
    return (arena) => columnSums(arena, dy);
  }),
  onRows("splitColumns, one half", F, 1, (on, rows) => {
    const x = on.f32([rows, F]);
    return (arena) => splitColumns(arena, x, half(0));
  }),
  onRows("joinColumns of two halves", F, 4, (on, rows) => {
    const columns = on.f32([rows, F / 2]);
    const [first, second] = [0, F / 2].map((offset) => ({ columns, ...half(offset) }));
    return (arena) => joinColumns(arena, [first, second], F);
  }),
  onRows("rope", D, 2, rotated(false)),
  onRows("rope backward", D, 2, rotated(true)),
  ...(["silu", "gelu", "geluTanh"] as const).flatMap(activations),
  onRows("add", D, 3, (on, rows) => {
    const x = on.f32([rows, D]), y = on.f32([rows, D]);
    return (arena) => add(arena, x, y);
  }),
  onRows("scaleRows", D, 2, (on, rows) => {
    const x = on.f32([rows, D]), s = on.f32([rows]);
    return (arena) => scaleRows(arena, x, s);
  }),
  onRows("softcap", D, 2, (on, rows) => {
    const x = on.f32([rows, D]);
    return (arena) => softcap(arena, x, 30);
  }),
  onRows("scale", D, 2, (on, rows) => {
    const x = on.f32([rows, D]);
    return (arena) => scale(arena, x, 3);
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
