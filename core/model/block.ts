// One block on rows: attention and an MLP, each with its norms and its residual sum. Axes: R rows, D features.
import type { AttentionHeads, Tensor } from "../../backend/mod.ts";
import { activation, activationMul } from "../ops/activation.ts";
import { splitColumns } from "../ops/columns.ts";
import { add } from "../ops/elementwise.ts";
import { type AdapterUse, linear } from "../ops/linear.ts";
import { layerNorm, rmsNorm } from "../ops/norm.ts";
import { rope } from "../ops/rope.ts";
import type { Tape } from "../ops/tape.ts";
import type { BoundBlock, BoundLinear, BoundNorm } from "./bound_model.ts";

/** Where the rows of a pass are: turns queries and keys, and says how one block sees the past. */
export interface Places {
  /** Position of each row in its sequence, less `back`. */
  readonly positions: Tensor;
  /** Taken off every position. */
  readonly back?: number;
  /** Packed rows in training, a cache in decoding. */
  attend(
    tape: Tape,
    layer: number,
    projected: { q: Tensor; k: Tensor; v: Tensor },
    options: AttentionHeads,
  ): Tensor;
}

/** What runs a block: what is recorded, with which adapter, on which rows. */
export interface BlockRun {
  /** Where it is recorded. */
  readonly tape: Tape;
  /** Absent for the bare model. */
  readonly adapter?: AdapterUse;
  /** Where the rows are. */
  readonly places: Places;
  /** The block's number. */
  readonly layer: number;
}

/** One block on rows x [R, D] → [R, D]. */
export function runBlock(run: BlockRun, block: BoundBlock, x: Tensor): Tensor {
  const { tape, places, layer } = run, { norms, heads } = block;

  const normed = before(run, norms.attention, x);
  const projected = queriesKeysValues(run, block, normed);
  if (normed !== x) tape.free(normed);
  const q = place(run, block, { t: projected.q, n: heads.heads, norm: norms.q });
  const k = place(run, block, { t: projected.k, n: heads.kvHeads, norm: norms.k });
  const mixed = places.attend(tape, layer, { q, k, v: projected.v }, heads);
  tape.free(q, k, projected.v);
  const attended = after(run, block.o, norms.attentionPost, mixed, x);
  tape.free(mixed);

  const read = block.parallel ? x : attended;
  const normed2 = before(run, norms.mlp, read);
  const h = inner(run, block, normed2);
  if (normed2 !== read) tape.free(normed2);
  const y = after(run, block.down, norms.mlpPost, h, attended);
  tape.free(h, attended);
  return y;
}

/** The norm of rows; frees nothing. */
export function runNorm(tape: Tape, { kind, weight, bias, eps }: BoundNorm, x: Tensor): Tensor {
  return kind === "layer" ? layerNorm(tape, x, weight, bias, eps) : rmsNorm(tape, x, weight, eps);
}

function project(
  { tape, adapter }: BlockRun,
  { weight, bias, place }: BoundLinear,
  x: Tensor,
  residual?: Tensor,
): Tensor {
  const lora = adapter && place && { use: adapter, module: place };
  return linear(tape, x, weight, { lora, residual, bias });
}

/** x, or its norm where there is one. Frees nothing. */
function before({ tape }: BlockRun, norm: BoundNorm | undefined, x: Tensor): Tensor {
  return norm === undefined ? x : runNorm(tape, norm, x);
}

/** residual + layer(x), the layer's norm between them where there is one. */
function after(
  run: BlockRun,
  layer: BoundLinear,
  postNorm: BoundNorm | undefined,
  x: Tensor,
  residual: Tensor,
): Tensor {
  if (postNorm === undefined) return project(run, layer, x, residual);
  const { tape } = run;
  const out = project(run, layer, x), normed = runNorm(tape, postNorm, out);
  tape.free(out);
  const sum = add(tape, residual, normed);
  tape.free(normed);
  return sum;
}

function queriesKeysValues(
  run: BlockRun,
  { attention }: BoundBlock,
  x: Tensor,
): { q: Tensor; k: Tensor; v: Tensor } {
  if ("q" in attention) {
    const q = project(run, attention.q, x), k = project(run, attention.k, x);
    return { q, k, v: project(run, attention.v, x) };
  }
  const fused = project(run, attention.fused, x);
  const [q, k, v] = splitColumns(run.tape, fused, attention.columns);
  run.tape.free(fused);
  return { q, k, v };
}

/** Queries or keys t of `n` heads, normed where there is a norm, turned where there is a table. Frees t. */
function place(
  { tape, places: { positions, back } }: BlockRun,
  { rope: table, heads: { headDim } }: BoundBlock,
  { t, n, norm }: { t: Tensor; n: number; norm?: BoundNorm },
): Tensor {
  const even = norm === undefined ? t : runNorm(tape, norm, t);
  if (even !== t) tape.free(t);
  if (table === undefined) return even;
  const turned = rope(tape, even, positions, table, { heads: n, headDim, back });
  tape.free(even);
  return turned;
}

/** The MLP up to its output projection. */
function inner(run: BlockRun, { mlp, activation: kind }: BoundBlock, x: Tensor): Tensor {
  const { tape } = run;
  if ("fused" in mlp) {
    const both = project(run, mlp.fused, x);
    const [gate, up] = splitColumns(tape, both, mlp.columns);
    tape.free(both);
    return gated(tape, kind, gate, up);
  }
  if ("gate" in mlp) {
    const gate = project(run, mlp.gate, x);
    return gated(tape, kind, gate, project(run, mlp.up, x));
  }
  const up = project(run, mlp.up, x), h = activation(tape, kind, up);
  tape.free(up);
  return h;
}

/** act(gate)·up; frees both. */
function gated(tape: Tape, kind: BoundBlock["activation"], gate: Tensor, up: Tensor): Tensor {
  const h = activationMul(tape, kind, gate, up);
  tape.free(gate, up);
  return h;
}
