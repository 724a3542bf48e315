// Exact mean of adapters. ΔW_k = B_k·A_k, so ΣΔW_k/K = [B_1 … B_K]/K · [A_1; …; A_K]: one adapter of rank K·r.
// Flat layout: per member one row of P elements with A [r, in] and Bᵀ [r, out] at given offsets (B is stored
// transposed, so that both concatenate along the rank by plain copies); merged, each matrix starts at K·offset.
// Moves 8KP bytes, no sums: the bits are those of the members' factors (B times the f32 1/K).
import type { Arena } from "../arena.ts";
import { length, matrix } from "../checks.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import type { Tensor } from "../tensor.ts";

/** Binds params [K, P], table u32 [n, 3] of (offset, size, isB) by ascending offset, merged [K·P]. */
export const mergeExactKernel: Kernel = defineKernel({
  name: "mergeExact",
  bindings: [
    { name: "params", access: "read" },
    { name: "table", access: "read", type: "u32" },
    { name: "merged", access: "read_write" },
  ],
  params: [["members", "u32"], ["size", "u32"], ["matrices", "u32"]],
  fixed: [],
  wgsl: () =>
    /* wgsl */ `${eachThreadWgsl("at", "p.members * p.size")}
  let place = at / p.members; // matrix i fills places offset to offset + size
  var lo = 0u; // the last matrix that starts at or before it
  var hi = p.matrices;
  while (hi - lo > 1u) {
    let mid = (lo + hi) / 2u;
    if (table[3u * mid] <= place) { lo = mid; } else { hi = mid; }
  }
  let offset = table[3u * lo];
  let size = table[3u * lo + 1u];
  if (place < offset || place - offset >= size) {
    merged[at] = 0.0;
    return;
  }
  let inside = at - p.members * offset;
  let member = inside / size;
  let value = params[member * p.size + offset + inside % size];
  merged[at] = value * select(1.0, 1.0 / f32(p.members), table[3u * lo + 2u] == 1u);
}`,
  workgroups: (p) => grid(p.members * p.size),
  cpu: [{
    // A task a matrix; each also writes the zeros up to the next one, the first those before it too.
    tasks: (p) => p.matrices,
    run: ({ b, p, wasm }, lo, hi) => {
      const { members, size: P, matrices } = p;
      for (let i = lo; i < hi; i++) {
        const offset = b.table[3 * i], size = b.table[3 * i + 1], isB = b.table[3 * i + 2];
        const next = i + 1 < matrices ? b.table[3 * i + 3] : P;
        const start = members * offset, end = start + members * size;
        if (i === 0) b.merged.fill(0, 0, start);
        for (let k = 0; k < members; k++) {
          const from = k * P + offset;
          b.merged.set(b.params.subarray(from, from + size), start + k * size);
        }
        if (isB === 1) {
          wasm.scaleInPlace(b.merged.byteOffset + 4 * start, members * size, 1 / members);
        }
        b.merged.fill(0, end, members * next);
      }
    },
  }],
});

/**
 * Exact mean of K adapters' ΔW, as one adapter of rank K·r: no approximation, unlike the mean of the factors.
 *
 * @example
 * ```ts
 * import { Arena, openDevice, mergeExact } from "@leash/bpo/backend";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * // Two members of A = [1] and Bᵀ = [2], A = [3] and Bᵀ = [4]: A becomes [1; 3], Bᵀ [1; 2].
 * const params = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "adapters");
 * const table = arena.upload([2, 3], new Uint32Array([0, 1, 0, 1, 1, 1]), "table");
 * const merged = await arena.read(mergeExact(arena, params, table));
 * assert(merged.join() === "1,3,1,2");
 * ```
 *
 * @param params [K, P] f32: a member's A [r, in] and Bᵀ [r, out] matrices in one row; borrowed.
 * @param table [n, 3] u32: (offset, size, isB) of each matrix in a member's row, in elements, by ascending
 * offset, not overlapping; borrowed.
 * @returns [1, K·P] in `arena`: matrix (offset, size) has become the K members' one after another at
 * K·offset, K·size long, B's times 1/K; what lies between matrices is 0.
 * @throws {TypeError} If `params` is not [K, P] or `table` not u32 [n, 3].
 */
export function mergeExact(arena: Arena, params: Tensor, table: Tensor): Tensor {
  const [members, size] = matrix("mergeExact", "params", params);
  const [matrices] = matrix("mergeExact", "table", table);
  length("mergeExact", "table", table, matrices * 3);
  const merged = arena.alloc([1, members * size], "mergeExact.merged");
  arena.dispatch(mergeExactKernel, {
    bind: { params, table, merged },
    params: { members, size, matrices },
  });
  return merged;
}
