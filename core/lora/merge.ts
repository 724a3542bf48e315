// From an ensemble to one adapter: the exact mean of ΔW (rank K·r), and the factor mean under its own name.
import { type Arena, meanGroups, mergeExact, type Owned, type Tensor } from "../../backend/mod.ts";
import { type Adapter, type AdapterLayout, layoutTable, mergedLayout } from "./adapter.ts";

/** One adapter that owns its memory. */
export interface MergedAdapter {
  /** Where its matrices are. */
  readonly layout: AdapterLayout;
  /** [1, layout.size] f32. */
  readonly params: Owned<{ params: Tensor }>;
}

/**
 * The adapter whose ΔW is the mean of the members' ΔW: (1/K) Σ_k B_k A_k, as A and Bᵀ concatenated along the
 * rank. Exact up to one rounding of B/K; with one member it is a bit-for-bit copy.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { adapterLayout, exactMean } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 1, alpha: 1 });
 * const params = arena.upload([2, 128], new Float32Array(256).fill(4), "two members");
 * const mean = exactMean(arena, { layout, params });
 * const read = await arena.read(mean.params);
 * assertEquals([mean.layout.rank, read[0], read[128]], [2, 4, 2]); // B is divided by the members
 * ```
 *
 * @param ensemble [K, P]; borrowed.
 * @returns An adapter of rank K·r; `layout` and its params in `arena`.
 */
export function exactMean(arena: Arena, { params, layout }: Adapter): Adapter {
  const members = params.shape[0];
  const table = layoutTable(layout);
  const merged = mergeExact(
    arena,
    params,
    arena.upload([table.length / 3, 3], table, "adapter layout"),
  );
  return { params: merged, layout: mergedLayout(layout, members) };
}

/**
 * The adapter whose A and B are the means of the members' A and B. Its ΔW is not the mean of ΔW:
 * (1/K²) Σ_i Σ_j B_i A_j. PEFT calls a weighted form of this `linear`.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { adapterLayout, factorMean } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 1, alpha: 1 });
 * const params = arena.upload([2, 128], new Float32Array(256).fill(4), "two members");
 * const mean = factorMean(arena, { layout, params });
 * assertEquals([mean.layout.rank, (await arena.read(mean.params))[0]], [1, 4]);
 * ```
 *
 * @param ensemble [K, P]; borrowed.
 * @returns An adapter of rank r in `arena`.
 */
export function factorMean(arena: Arena, { params, layout }: Adapter): Adapter {
  return { params: { ...meanGroups(arena, params), shape: [1, layout.size] }, layout };
}
