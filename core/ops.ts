// Differentiable ops: a kernel and its pullback. Axes: R rows (G groups of R/G), D features, r rank.
import {
  attention as attentionKernel,
  attentionBackward,
  gatherRows,
  matmul,
  rmsNorm as rmsNormKernel,
  rmsNormBackward,
  rmsNormWeightGrad,
  rope as ropeKernel,
  scatterAddRows,
  siluMul as siluMulKernel,
  siluMulBackward,
  type Tensor,
} from "../backend/mod.ts";
import type { AdaptedModule, Adapter } from "./lora/adapter.ts";
import type { Tape } from "./tape.ts";

/** An adapter in a forward pass: its members are the row groups; `gradient` [G, size] is written by `backward`. */
export interface AdapterUse extends Adapter {
  /** Where the gradient goes; absent where the adapter does not train. */
  readonly gradient?: Tensor;
}

/** A weight and whether its gradient is wanted. */
export interface Weight {
  /** [out, in] for a linear layer, [D] for a norm. */
  readonly tensor: Tensor;
  /** Whether `backward` leaves its gradient on the tape. */
  readonly trains: boolean;
}

/** The module's A or Bᵀ of every member, as a matmul operand. */
function factor(use: Adapter, tensor: Tensor, offset: number) {
  return { tensor, offset, groupStride: use.layout.size };
}

/**
 * y = x·Wᵀ + scale·(x·A_gᵀ)·B_gᵀ + residual, one dispatch after the small one for x·A_gᵀ, whatever the number of members.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { linear, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, true);
 * const x = arena.upload([1, 2], new Float32Array([1, 2]), "x");
 * const w = arena.upload([1, 2], new Float32Array([10, 1]), "w");
 * const y = linear(tape, x, { tensor: w, trains: true });
 * const value = arena.clone(y); // backward() frees what it has used
 * tape.accumulate(y, () => arena.upload([1, 1], new Float32Array([1]), "dy"));
 * tape.backward();
 * const read = await arena.readAll({ value, dw: tape.gradient(w)! });
 * assertEquals([[...read.value], [...read.dw]], [[12], [1, 2]]);
 * ```
 *
 * @param x [R, in]; rows in equal groups, one a member.
 * @param weight [out, in].
 * @param lora The adapter and this layer's place in it.
 * @param residual [R, out], added.
 */
export function linear(
  tape: Tape,
  x: Tensor,
  weight: Weight,
  { lora, residual }: { lora?: { use: AdapterUse; module: AdaptedModule }; residual?: Tensor } = {},
): Tensor {
  const { arena } = tape;
  const [outDim, inDim] = weight.tensor.shape;
  const groups = lora?.use.params.shape[0] ?? 1;
  const M = x.shape[0] / groups;
  if (lora === undefined) {
    const y = matmul(arena, {
      a: { tensor: x, groupStride: M * inDim },
      b: { tensor: weight.tensor, groupStride: 0 },
      transposeB: true,
      M,
      N: outDim,
      K: inDim,
      add: residual && { tensor: residual },
    });
    tape.record(y, (dy) => {
      if (residual !== undefined) tape.pass(residual, dy);
      linearInputGradient(tape, x, weight.tensor, dy, 1);
      weightGradient(tape, x, weight, dy);
    });
    return y;
  }
  const { use, module } = lora;
  const { rank, scale, size } = use.layout;
  const a = factor(use, use.params, module.aOffset);
  const bt = factor(use, use.params, module.bOffset);
  const grouped = (tensor: Tensor, width: number) => ({ tensor, groupStride: M * width });
  const u = matmul(arena, {
    a: grouped(x, inDim),
    b: a,
    transposeB: true,
    M,
    N: rank,
    K: inDim,
    groups,
    label: "lora.u",
  });
  const y = matmul(arena, {
    a: grouped(x, inDim),
    b: { tensor: weight.tensor, groupStride: 0 },
    transposeB: true,
    M,
    N: outDim,
    K: inDim,
    groups,
    tail: { u: grouped(u, rank), t: bt, rank, alpha: scale },
    add: residual && grouped(residual, outDim),
  });
  tape.record(y, (dy) => {
    if (residual !== undefined) tape.pass(residual, dy);
    const v = matmul(arena, {
      a: grouped(dy, outDim),
      b: bt,
      transposeB: true,
      M,
      N: rank,
      K: outDim,
      groups,
      label: "lora.v",
    });
    if (use.gradient !== undefined) {
      const into = (offset: number) => ({ tensor: use.gradient!, offset, groupStride: size });
      matmul(arena, {
        a: grouped(v, rank),
        b: grouped(x, inDim),
        transposeA: true,
        M: rank,
        N: inDim,
        K: M,
        groups,
        alpha: scale,
        out: into(module.aOffset),
      });
      matmul(arena, {
        a: grouped(u, rank),
        b: grouped(dy, outDim),
        transposeA: true,
        M: rank,
        N: outDim,
        K: M,
        groups,
        alpha: scale,
        out: into(module.bOffset),
      });
    }
    tape.accumulate(x, (there) =>
      matmul(arena, {
        a: grouped(dy, outDim),
        b: { tensor: weight.tensor, groupStride: 0 },
        M,
        N: inDim,
        K: outDim,
        groups,
        tail: { u: grouped(v, rank), t: a, rank, alpha: scale },
        add: there && grouped(there, inDim),
      }));
    arena.release(v);
    weightGradient(tape, x, weight, dy);
  }, [u]);
  tape.free(u);
  return y;
}

function linearInputGradient(tape: Tape, x: Tensor, w: Tensor, dy: Tensor, groups: number): void {
  const [outDim, inDim] = w.shape;
  tape.accumulate(x, (there) =>
    matmul(tape.arena, {
      a: { tensor: dy },
      b: { tensor: w },
      M: x.shape[0],
      N: inDim,
      K: outDim,
      groups,
      add: there && { tensor: there },
    }));
}

function weightGradient(tape: Tape, x: Tensor, { tensor, trains }: Weight, dy: Tensor): void {
  if (!trains) return;
  const [outDim, inDim] = tensor.shape;
  tape.accumulate(tensor, (there) =>
    matmul(tape.arena, {
      a: { tensor: dy },
      b: { tensor: x },
      transposeA: true,
      M: outDim,
      N: inDim,
      K: x.shape[0],
      add: there && { tensor: there },
    }));
}

/**
 * RMSNorm of rows. `weight` [D].
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { rmsNorm, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, true);
 * const x = arena.upload([1, 2], new Float32Array([3, 3]), "x");
 * const w = arena.upload([2], new Float32Array([1, 2]), "w");
 * const y = rmsNorm(tape, x, { tensor: w, trains: false }, 1e-12);
 * assertEquals([...await arena.read(y)].map((v) => v.toFixed(4)), ["1.0000", "2.0000"]);
 * ```
 */
export function rmsNorm(tape: Tape, x: Tensor, weight: Weight, eps: number): Tensor {
  const { arena } = tape;
  const { y, inv } = rmsNormKernel(arena, x, weight.tensor, { eps });
  tape.record(y, (dy) => {
    tape.accumulate(x, (add) => rmsNormBackward(arena, { x, w: weight.tensor, inv, dy, add }));
    if (weight.trains) {
      tape.accumulate(weight.tensor, (there) => {
        if (there !== undefined) throw new Error("Cannot differentiate a norm used twice");
        return rmsNormWeightGrad(arena, { x, inv, dy });
      });
    }
  }, [inv]);
  tape.free(inv);
  return y;
}

/**
 * Rotary position embedding of [R, heads·headDim] rows.
 *
 * @example
 * ```ts
 * import { Arena, openDevice, ropeTable } from "@leash/bpo/backend";
 * import { rope, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([1, 2], new Float32Array([1, 2]), "x");
 * const positions = arena.upload([1], new Uint32Array([0]), "positions");
 * const table = arena.upload([4, 2], ropeTable(4, 2, 10000), "table");
 * const y = rope(new Tape(arena, false), x, positions, table, { heads: 1, headDim: 2 });
 * assertEquals([...await arena.read(y)], [1, 2]); // position 0 is not turned
 * ```
 */
export function rope(
  tape: Tape,
  x: Tensor,
  positions: Tensor,
  table: Tensor,
  sizes: { heads: number; headDim: number; back?: number },
): Tensor {
  const y = ropeKernel(tape.arena, x, positions, table, sizes);
  tape.record(y, (dy) =>
    tape.accumulate(x, (there) => {
      if (there !== undefined) throw new Error("Cannot differentiate the input of rope used twice");
      return ropeKernel(tape.arena, dy, positions, table, { ...sizes, inverse: true });
    }));
  return y;
}

/** Packed sequences of rows: `starts` and `lengths` [S] u32. */
export interface Segments {
  /** First row of each sequence. */
  readonly starts: Tensor;
  /** Rows of each sequence. */
  readonly lengths: Tensor;
  /** The longest of them. */
  readonly maxLength: number;
}

/**
 * Causal grouped-query attention on packed rows.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { attention, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, true);
 * const one = (value: number) => arena.upload([1, 2], new Float32Array([value, value]), "head");
 * const segments = {
 *   starts: arena.upload([1], new Uint32Array([0]), "starts"),
 *   lengths: arena.upload([1], new Uint32Array([1]), "lengths"),
 *   maxLength: 1,
 * };
 * const sizes = { heads: 1, kvHeads: 1, headDim: 2 };
 * const y = attention(tape, { q: one(1), k: one(2), v: one(3) }, segments, sizes);
 * assertEquals([...await arena.read(y)], [3, 3]); // the first token sees only itself
 * ```
 */
export function attention(
  tape: Tape,
  { q, k, v }: { q: Tensor; k: Tensor; v: Tensor },
  { starts, lengths, maxLength }: Segments,
  sizes: { heads: number; kvHeads: number; headDim: number },
): Tensor {
  const { arena } = tape;
  const options = { ...sizes, maxLength };
  const { out, lse } = attentionKernel(arena, { q, k, v, starts, lengths }, options);
  tape.record(out, (dout) => {
    const { dq, dk, dv } = attentionBackward(
      arena,
      { q, k, v, out, lse, dout, starts, lengths },
      options,
    );
    for (const [input, gradient] of [[q, dq], [k, dk], [v, dv]]) {
      tape.accumulate(input, (there) => {
        if (there !== undefined) {
          throw new Error("Cannot differentiate an input of attention used twice");
        }
        return gradient;
      });
    }
  }, [lse]);
  tape.free(lse);
  return out;
}

/**
 * SwiGLU: h = silu(gate)·up.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { siluMul, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, true);
 * const gate = arena.upload([2], new Float32Array([0, 20]), "gate");
 * const up = arena.upload([2], new Float32Array([5, 5]), "up");
 * const h = await arena.read(siluMul(tape, gate, up));
 * assertEquals([...h].map((v) => v.toFixed(3)), ["0.000", "100.000"]);
 * ```
 */
export function siluMul(tape: Tape, gate: Tensor, up: Tensor): Tensor {
  const h = siluMulKernel(tape.arena, gate, up);
  tape.record(h, (dh) => {
    const { dg, du } = siluMulBackward(tape.arena, { g: gate, u: up, dh });
    tape.accumulate(gate, () => dg);
    tape.accumulate(up, () => du);
  });
  return h;
}

/**
 * Rows of a table: the embedding, or a selection of rows (each named at most once where it is differentiated).
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { gather, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, true);
 * const table = arena.upload([3, 1], new Float32Array([10, 20, 30]), "table");
 * const ids = arena.upload([2], new Uint32Array([2, 0]), "ids");
 * const rows = gather(tape, { tensor: table, trains: false }, ids);
 * assertEquals([...await arena.read(rows)], [30, 10]);
 * ```
 */
export function gather(tape: Tape, table: Weight, ids: Tensor): Tensor {
  const rows = gatherRows(tape.arena, table.tensor, ids);
  tape.record(rows, (dy) => {
    if (!table.trains) return;
    tape.accumulate(
      table.tensor,
      (add) => scatterAddRows(tape.arena, dy, ids, table.tensor.shape[0], add),
    );
  });
  return rows;
}
