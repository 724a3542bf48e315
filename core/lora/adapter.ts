// Where each LoRA matrix lies in the one flat buffer of an adapter: [members, size], A as [r, in], Bᵀ as [r, out].
// B is stored transposed so that concatenating adapters along the rank (their exact mean) is a copy.
import type { Tensor } from "../../backend/mod.ts";
import { fold, type Key, uniforms } from "../base/random.ts";
import { type ModuleTarget, selectModules } from "./target_modules.ts";

/** A linear layer that can carry an adapter. */
export interface LinearShape {
  /** Module name as in the checkpoint, `model.layers.0.self_attn.q_proj`. */
  readonly name: string;
  /** Input width. */
  readonly inDim: number;
  /** Output width. */
  readonly outDim: number;
  /** The checkpoint has this weight as [in, out], as GPT-2's Conv1D; default [out, in]. A and B do not change. */
  readonly transposed?: boolean;
}

/** One adapted layer: offsets in elements from the start of a member. */
export interface AdaptedModule extends LinearShape {
  /** Where A [r, in] starts. */
  readonly aOffset: number;
  /** Where Bᵀ [r, out] starts. */
  readonly bOffset: number;
}

/** The plan of an adapter's memory. Plain data, derived from the model's layers, rank and alpha. */
export interface AdapterLayout {
  /** r: rows of A and Bᵀ. */
  readonly rank: number;
  /** ΔW = scale·B·A with scale = alpha / r, or alpha / √r for rsLoRA, r being the rank of one member. */
  readonly scale: number;
  /** Adapted layers by module name. */
  readonly modules: ReadonlyMap<string, AdaptedModule>;
  /** Elements of one member, padding included. */
  readonly size: number;
}

/** An adapter on the device: `members` rows of one layout. Borrowed. */
export interface Adapter {
  /** [members, layout.size] f32. */
  readonly params: Tensor;
  /** Where the matrices are. */
  readonly layout: AdapterLayout;
}

/** How to plan an adapter. */
export interface AdapterOptions {
  /** r ≥ 1. */
  readonly rank: number;
  /** Above 0: scale = alpha / rank. */
  readonly alpha: number;
  /** Rank-stabilised: scale = alpha / √rank; default false. */
  readonly rsLora?: boolean;
  /** Which of the layers; default all of them. `selectModules` has the rules. */
  readonly targetModules?: ModuleTarget;
}

const ALIGN = 64; // elements: 256 bytes, so that a matrix can be bound on its own

/**
 * Plan an adapter.
 *
 * @example
 * ```ts
 * import { adapterLayout } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 32 }], { rank: 2, alpha: 4 });
 * assertEquals([layout.scale, layout.size], [2, 2 * 64 + 2 * 32]);
 * assertEquals(layout.modules.get("layer")!.bOffset, 2 * 64); // A [r, in] first, then Bᵀ [r, out]
 * ```
 *
 * @param layers Linear layers to adapt.
 * @param options `rank` r ≥ 1; `alpha` (scale = alpha / rank, with `rsLora` alpha / √rank); `targetModules`.
 * @throws {RangeError} If rank or alpha is not positive.
 * @throws {Mistake} If `targetModules` matches nothing.
 * @see Kalajdzievski 2023 for rsLoRA, https://arxiv.org/abs/2312.03732
 */
export function adapterLayout(
  layers: readonly LinearShape[],
  { rank, alpha, rsLora = false, targetModules }: AdapterOptions,
): AdapterLayout {
  if (!(Number.isInteger(rank) && rank >= 1)) {
    throw new RangeError(`Cannot plan an adapter: rank is ${rank}, expected a whole number ≥ 1`);
  }
  if (!(alpha > 0 && Number.isFinite(alpha))) {
    throw new RangeError(`Cannot plan an adapter: alpha is ${alpha}, expected a number > 0`);
  }
  const modules = new Map<string, AdaptedModule>();
  let at = 0;
  const place = (elements: number) => {
    const offset = at;
    at += Math.ceil(elements / ALIGN) * ALIGN;
    return offset;
  };
  const chosen = targetModules === undefined ? layers : selectModules(layers, targetModules);
  for (const { name, inDim, outDim, transposed } of chosen) {
    modules.set(name, {
      ...{ name, inDim, outDim },
      ...(transposed ? { transposed } : {}),
      aOffset: place(rank * inDim),
      bOffset: place(rank * outDim),
    });
  }
  return { rank, scale: alpha / (rsLora ? Math.sqrt(rank) : rank), modules, size: at };
}

/**
 * The layout of the exact mean of `members` adapters: rank and offsets times `members`, same scale.
 *
 * @example
 * ```ts
 * import { adapterLayout, mergedLayout } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 32 }], { rank: 2, alpha: 4 });
 * const merged = mergedLayout(layout, 5);
 * assertEquals([merged.rank, merged.scale, merged.size], [10, 2, 5 * layout.size]);
 * ```
 */
export function mergedLayout(layout: AdapterLayout, members: number): AdapterLayout {
  const modules = new Map(
    [...layout.modules].map(([name, m]) => [name, {
      ...m,
      aOffset: m.aOffset * members,
      bOffset: m.bOffset * members,
    }]),
  );
  return { rank: layout.rank * members, scale: layout.scale, modules, size: layout.size * members };
}

/**
 * Rows (offset, size, isB) of every matrix: what the merge kernel walks.
 *
 * @example
 * ```ts
 * import { adapterLayout, layoutTable } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 32 }], { rank: 2, alpha: 4 });
 * assertEquals([...layoutTable(layout)], [0, 128, 0, 128, 64, 1]); // A, then B
 * ```
 */
export function layoutTable(layout: AdapterLayout): Uint32Array<ArrayBuffer> {
  return new Uint32Array(
    [...layout.modules.values()].flatMap(({ aOffset, bOffset, inDim, outDim }) => [
      [aOffset, layout.rank * inDim, 0],
      [bOffset, layout.rank * outDim, 1],
    ]).sort((a, b) => a[0] - b[0]).flat(),
  );
}

/**
 * Fresh members: A uniform in ±1/√in (PEFT's Kaiming uniform with a = √5), B zero, so ΔW = 0. Every member
 * has its own key and so its own A.
 *
 * @example
 * ```ts
 * import { adapterLayout, initAdapter, keyOf } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 32 }], { rank: 2, alpha: 4 });
 * const params = initAdapter(layout, 2, keyOf(1));
 * assertEquals(params.length, 2 * layout.size);
 * assertEquals(Math.max(...params.slice(128, 192)), 0); // B is zero: ΔW = 0
 * ```
 *
 * @returns [members, layout.size] on the host.
 */
export function initAdapter(
  layout: AdapterLayout,
  members: number,
  key: Key,
): Float32Array<ArrayBuffer> {
  const params = new Float32Array(members * layout.size);
  for (let k = 0; k < members; k++) {
    const memberKey = fold(fold(key, "member"), k);
    for (const { name, inDim, aOffset } of layout.modules.values()) {
      const bound = 1 / Math.sqrt(inDim);
      const draws = uniforms(fold(memberKey, name), layout.rank * inDim);
      params.set(draws.map((u) => (2 * u - 1) * bound), k * layout.size + aOffset);
    }
  }
  return params;
}
