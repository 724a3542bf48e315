// Linear layers, with or without a bias and a LoRA branch. Axes: R rows (G groups of R/G), r rank.
import {
  addBias,
  columnSums,
  matmul,
  matmulColumns,
  matmulRows,
  type Tensor,
} from "../../backend/mod.ts";
import type { AdaptedModule, Adapter } from "../lora/adapter.ts";
import type { Tape } from "./tape.ts";
import { contribute } from "./gradient.ts";
import { type MatrixWeight, openWeight, type Weight } from "./weight.ts";

export type { MatrixWeight, Weight };

/** An adapter in a forward pass: its members are the row groups; `gradient` [G, size] is written by `backward`. */
export interface AdapterUse extends Adapter {
  /** Where the gradient goes; absent where the adapter does not train. */
  readonly gradient?: Tensor;
}

/** The module's A or Bᵀ of every member, as a matmul operand. */
function factor(use: Adapter, tensor: Tensor, offset: number) {
  return { tensor, offset, groupStride: use.layout.size };
}

/**
 * y = x·Wᵀ + scale·(x·A_gᵀ)·B_gᵀ + bias + residual, one dispatch (a block of W) after the small one for x·A_gᵀ, whatever
 * the number of members; one more where there are both a bias and a residual.
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
 * @param weight [out, in], a tensor or a matrix of any storage type.
 * @param options `lora`: the adapter and this layer's place in it; `residual` [R, out] and `bias` [out] are added.
 * @throws {TypeError} If a weight is to train that is not f32 in one block.
 */
export function linear(
  tape: Tape,
  x: Tensor,
  weight: MatrixWeight,
  { lora, residual, bias }: {
    lora?: { use: AdapterUse; module: AdaptedModule };
    residual?: Tensor;
    bias?: Weight;
  } = {},
): Tensor {
  const { arena } = tape;
  const { w, trained } = openWeight(weight);
  const [outDim, inDim] = w.shape;
  const groups = lora?.use.params.shape[0] ?? 1;
  const M = x.shape[0] / groups;
  const grouped = (tensor: Tensor, width: number) => ({ tensor, groupStride: M * width });
  const branch = lora && loraBranch(tape, x, lora, { M, groups });
  const everyRow = bias && { tensor: bias.tensor, ld: 0, groupStride: 0 };
  let y = matmulRows(arena, {
    a: grouped(x, inDim),
    w,
    M,
    groups,
    tail: branch?.forward,
    add: residual === undefined ? everyRow : grouped(residual, outDim),
  });
  if (bias !== undefined && residual !== undefined) {
    const sum = addBias(arena, y, bias.tensor);
    arena.release(y);
    y = sum;
  }
  tape.flow(
    y,
    residual === undefined ? [x] : [x, residual],
    trained !== undefined || bias?.trains || lora?.use.gradient !== undefined,
  );
  tape.record(y, (dy) => {
    if (residual !== undefined) tape.pass(residual, dy);
    const trains = lora?.use.gradient !== undefined;
    const tail = trains || tape.wants(x) ? branch?.backward(dy) : undefined;
    tape.accumulate(x, (there) =>
      matmulColumns(arena, {
        a: grouped(dy, outDim),
        w,
        M,
        groups,
        tail,
        add: there && grouped(there, inDim),
      }));
    if (tail !== undefined) arena.release(tail.u.tensor);
    if (trained !== undefined) weightGradient(tape, x, trained, dy);
    if (bias?.trains) contribute(tape, bias.tensor, columnSums(arena, dy));
  }, branch && [branch.u]);
  if (branch !== undefined) tape.free(branch.u);
  return y;
}

/** u = x·A_gᵀ, and the tails scale·u·B_gᵀ of y and scale·v·A_g of dx, v = dy·B_g: all shared matmuls get one. */
function loraBranch(
  tape: Tape,
  x: Tensor,
  { use, module }: { use: AdapterUse; module: AdaptedModule },
  { M, groups }: { M: number; groups: number },
) {
  const { arena } = tape;
  const { rank, scale, size } = use.layout, { inDim, outDim } = module;
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
  return {
    u,
    forward: { u: grouped(u, rank), t: bt, rank, alpha: scale },
    /** Leaves the adapter's gradient where it belongs; the caller releases `u` of the tail. */
    backward(dy: Tensor) {
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
      const { gradient } = use;
      if (gradient !== undefined) {
        const outer = (left: Tensor, right: Tensor, width: number, offset: number) =>
          matmul(arena, {
            a: grouped(left, rank),
            b: grouped(right, width),
            transposeA: true,
            M: rank,
            N: width,
            K: M,
            groups,
            alpha: scale,
            out: { tensor: gradient, offset, groupStride: size },
          });
        outer(v, x, inDim, module.aOffset);
        outer(u, dy, outDim, module.bOffset);
      }
      return { u: grouped(v, rank), t: a, rank, alpha: scale };
    },
  };
}

function weightGradient(tape: Tape, x: Tensor, weight: Tensor, dy: Tensor): void {
  const [outDim, inDim] = weight.shape;
  tape.accumulate(weight, (there) =>
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
