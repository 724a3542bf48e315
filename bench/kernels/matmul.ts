// Benches of the matmul family, at the shapes of a step: every transposition, with and without the LoRA tail, the sum
// that is split over K (matmul and matmulReduce), and the one that the CPU device's speed is promised at.
import { matmul, type MatmulArgs, type Operand } from "../../backend/mod.ts";
import type { KernelBench } from "../support/harness.ts";
import { Inputs } from "../support/inputs.ts";
import { config, MEMBERS, RANK, stepSizes } from "../support/sizes.ts";

const { hiddenSize: D, intermediateSize: F, vocabSize: V } = config;

type Sizes = Pick<MatmulArgs, "M" | "N" | "K" | "groups" | "transposeA" | "transposeB">;

/** A product of operands that are made for it; `rank` adds the grouped tail, `add` the term that is added. */
function product(
  name: string,
  sizes: (rows: { memberRows: number; rows: number; headRows: number }) => Sizes,
  { rank = 0, add = false, sharedB = false }: { rank?: number; add?: boolean; sharedB?: boolean } =
    {},
): KernelBench {
  return {
    name,
    setup(device, size) {
      const args = sizes(stepSizes(size));
      const { M, N, K, groups = 1, transposeA = false, transposeB = false } = args;
      const on = new Inputs(device);
      const tensor = (copies: number, rows: number, cols: number): Operand => ({
        tensor: on.f32([copies * rows, cols]),
      });
      const a = transposeA ? tensor(groups, K, M) : tensor(groups, M, K);
      const copies = sharedB ? 1 : groups;
      const b = transposeB ? tensor(copies, N, K) : tensor(copies, K, N);
      const tail = rank === 0
        ? undefined
        : { u: tensor(groups, M, rank), t: tensor(groups, rank, N), rank, alpha: 1 };
      const d = add ? tensor(groups, M, N) : undefined;
      const owned = on.done();
      const left = `[${transposeA ? `${K}, ${M}` : `${M}, ${K}`}]${transposeA ? "ᵀ" : ""}`;
      const right = `[${transposeB ? `${N}, ${K}` : `${K}, ${N}`}]${transposeB ? "ᵀ" : ""}`;
      return {
        shape: `${groups > 1 ? `${groups} × ` : ""}${left}·${right}${
          rank > 0 ? ` + rank ${rank}` : ""
        }`,
        flop: 2 * groups * M * N * (K + rank),
        owned,
        record: (arena) =>
          matmul(arena, {
            ...args,
            a,
            b: sharedB ? { ...b, groupStride: 0 } : b,
            tail,
            add: d,
          }),
      };
    },
  };
}

/** Matmuls. */
export const matmulBenches: readonly KernelBench[] = [
  product("matmul x·W", () => ({ M: 512, N: 576, K: 576 })),
  product("matmul x·Wᵀ", ({ rows }) => ({ M: rows, N: F, K: D, transposeB: true })),
  product("matmul x·Wᵀ, narrow", ({ rows }) => ({ M: rows, N: D, K: F, transposeB: true })),
  product("matmul x·Wᵀ + LoRA + residual", ({ memberRows }) => ({
    M: memberRows,
    N: D,
    K: F,
    groups: MEMBERS,
    transposeB: true,
  }), { rank: RANK, add: true, sharedB: true }),
  product("matmul dy·W + LoRA + dx (backward)", ({ memberRows }) => ({
    M: memberRows,
    N: D,
    K: F,
    groups: MEMBERS,
  }), { rank: RANK, add: true, sharedB: true }),
  product("matmul x·Aᵀ (LoRA)", ({ memberRows }) => ({
    M: memberRows,
    N: RANK,
    K: D,
    groups: MEMBERS,
    transposeB: true,
  })),
  product("matmul uᵀ·dy, split (LoRA backward)", ({ memberRows }) => ({
    M: RANK,
    N: F,
    K: memberRows,
    groups: MEMBERS,
    transposeA: true,
  })),
  product("matmul dyᵀ·x (weight gradient)", ({ rows }) => ({
    M: F,
    N: D,
    K: rows,
    transposeA: true,
  }), { add: true }),
  product("matmul aᵀ·bᵀ", ({ memberRows }) => ({
    M: F,
    N: D,
    K: memberRows,
    transposeA: true,
    transposeB: true,
  })),
  product("matmul logits", ({ headRows }) => ({
    M: Math.min(headRows, 1024),
    N: V,
    K: D,
    transposeB: true,
  })),
];
