// Where each LoRA matrix lies in the one flat buffer of an adapter: [members, size], A as [r, in], Bᵀ as [r, out].
// B is stored transposed so that concatenating adapters along the rank (their exact mean) is a copy.
// A layout may have a head behind its matrices: D numbers that read a hidden state as one score.
import type { Tensor } from "../../backend/mod.ts";
import { fold, type Key, normals, uniforms } from "../base/random.ts";
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

/** A head that reads a hidden state h [D] as one number, w·h, and is trained whole. */
export interface HeadShape {
  /** Its name in checkpoints: `score`, as transformers' `*ForSequenceClassification` has it. */
  readonly name: string;
  /** D, the width of a hidden state. */
  readonly inDim: number;
}

/** A head in an adapter. */
export interface AdaptedHead extends HeadShape {
  /** Where w [rows, D] starts, in elements from the start of a member. */
  readonly offset: number;
  /** 1; of the exact mean of K members K: the head is the sum of its rows, as ΔW is a sum over the rank. */
  readonly rows: number;
}

/** The plan of an adapter's memory. Plain data, derived from the model's layers, rank and alpha. */
export interface AdapterLayout {
  /** r: rows of A and Bᵀ. */
  readonly rank: number;
  /** ΔW = scale·B·A with scale = alpha / r, or alpha / √r for rsLoRA, r being the rank of one member. */
  readonly scale: number;
  /** Adapted layers by module name. */
  readonly modules: ReadonlyMap<string, AdaptedModule>;
  /** The head that is trained with them, behind the matrices; absent where there is none. */
  readonly head?: AdaptedHead;
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
  /** A head of its own, `{ name: "score", inDim: model.config.hiddenSize }` for rewards; default none. */
  readonly head?: HeadShape;
}

const ALIGN = 64; // elements: 256 bytes, so that a matrix can be bound on its own
const aligned = (elements: number) => Math.ceil(elements / ALIGN) * ALIGN;
const HEAD_STD = 0.02; // transformers' initializer_range, which its score layers are drawn with

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
 * @example With room for a reward head of D = 32
 * ```ts
 * import { adapterLayout } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const layers = [{ name: "layer", inDim: 64, outDim: 32 }];
 * const { head, size } = adapterLayout(layers, { rank: 2, alpha: 4, head: { name: "score", inDim: 32 } });
 * assertEquals([head!.offset, size], [192, 192 + 64]); // behind the matrices, filled up to 64
 * ```
 *
 * @param layers Linear layers to adapt.
 * @param options `rank` r ≥ 1; `alpha` (scale = alpha / rank, with `rsLora` alpha / √rank); `targetModules`;
 * `head`.
 * @throws {RangeError} If rank, alpha or the head's width is not positive.
 * @throws {Mistake} If `targetModules` matches nothing.
 * @see Kalajdzievski 2023 for rsLoRA, https://arxiv.org/abs/2312.03732
 */
export function adapterLayout(
  layers: readonly LinearShape[],
  { rank, alpha, rsLora = false, targetModules, head }: AdapterOptions,
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
    at += aligned(elements);
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
  const scale = alpha / (rsLora ? Math.sqrt(rank) : rank);
  const bare = { rank, scale, modules, size: at };
  return head === undefined ? bare : headedLayout(bare, head);
}

/**
 * A layout with room for a head behind its matrices, which stay where they are; a head that is there gives way.
 *
 * @throws {RangeError} If the head's width is not a whole number of at least 1.
 */
export function headedLayout(layout: AdapterLayout, { name, inDim }: HeadShape): AdapterLayout {
  if (!(Number.isInteger(inDim) && inDim >= 1)) {
    throw new RangeError(
      `Cannot plan an adapter: inDim of its head is ${inDim}, expected a whole number ≥ 1`,
    );
  }
  const { rank, scale, modules, head, size } = layout, offset = head?.offset ?? size;
  const placed = { name, inDim, offset, rows: 1 };
  return { rank, scale, modules, head: placed, size: offset + aligned(inDim) };
}

/**
 * The layout of the exact mean of `members` adapters: rank and offsets times `members`, same scale. A head's
 * rows become as many.
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
  const { head } = layout;
  const modules = new Map(
    [...layout.modules].map(([name, m]) => [name, {
      ...m,
      aOffset: m.aOffset * members,
      bOffset: m.bOffset * members,
    }]),
  );
  return {
    ...{ rank: layout.rank * members, scale: layout.scale, modules },
    ...(head && { head: { ...head, offset: head.offset * members, rows: head.rows * members } }),
    size: layout.size * members,
  };
}

/**
 * Rows (offset, size, isB) of every matrix: what the merge kernel walks. A head is one that is divided by the members,
 * as B is.
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
  const { modules, head } = layout;
  const matrices = [...modules.values()].flatMap(({ aOffset, bOffset, inDim, outDim }) => [
    [aOffset, layout.rank * inDim, 0],
    [bOffset, layout.rank * outDim, 1],
  ]);
  const heads = head === undefined ? [] : [[head.offset, head.rows * head.inDim, 1]];
  return new Uint32Array([...matrices, ...heads].sort((a, b) => a[0] - b[0]).flat());
}

/**
 * Fresh members: A uniform in ±1/√in (PEFT's Kaiming uniform with a = √5), B zero, so ΔW = 0; a head N(0, 0.02²), as
 * transformers draws it. Every member has its own key and so its own A and its own head.
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
  const { head, size } = layout, params = new Float32Array(members * size);
  for (let k = 0; k < members; k++) {
    const memberKey = fold(fold(key, "member"), k);
    for (const { name, inDim, aOffset } of layout.modules.values()) {
      const bound = 1 / Math.sqrt(inDim);
      const draws = uniforms(fold(memberKey, name), layout.rank * inDim);
      params.set(draws.map((u) => (2 * u - 1) * bound), k * size + aOffset);
    }
    if (head === undefined) continue;
    const draws = normals(fold(memberKey, head.name), head.rows * head.inDim);
    params.set(draws.map((z) => z * HEAD_STD), k * size + head.offset);
  }
  return params;
}
