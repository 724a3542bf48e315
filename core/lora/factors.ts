// Between our adapters (one flat row, B transposed, one rank and one scale for all modules) and separate matrices:
// A [r, in] and B [out, r] of each module, of any rank and scale.
import type { HostTensor } from "../base/host_tensor.ts";
import { bare, showShape } from "../base/quote.ts";
import { transpose } from "../base/transpose.ts";
import {
  type AdapterLayout,
  adapterLayout,
  headedLayout,
  type HeadShape,
  type LinearShape,
} from "./adapter.ts";
import { nearestModules } from "./target_modules.ts";
import { Mistake } from "../base/mistake.ts";

/** One adapter on the host. */
export interface HostAdapter {
  /** Where its matrices are. */
  readonly layout: AdapterLayout;
  /** [layout.size] f32. */
  readonly params: Float32Array<ArrayBuffer>;
}

/** The two factors of one module's update ΔW = scale·B·A. */
export interface LoraFactors {
  /** [r, in]. */
  readonly A: HostTensor;
  /** [out, r]. */
  readonly B: HostTensor;
}

/** Factors with a scale of their own. */
export interface ScaledFactors extends LoraFactors {
  /** ΔW = scale·B·A. */
  readonly scale: number;
}

const PADDING = 2 ** 26; // elements, 256 MiB: what unequal ranks may add

/**
 * The matrices of one adapter, as PEFT has them.
 *
 * @example
 * ```ts
 * import { adapterLayout, splitFactors } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const layout = adapterLayout([{ name: "up", inDim: 3, outDim: 2 }], { rank: 1, alpha: 2 });
 * const params = new Float32Array(layout.size);
 * params.set([1, 2, 3], layout.modules.get("up")!.aOffset);
 * assertEquals(splitFactors({ layout, params }).get("up")!.A.data, Float32Array.of(1, 2, 3));
 * ```
 *
 * @param adapter One member on the host; not changed.
 * @returns Copies by module name; ΔW = layout.scale·B·A.
 */
export function splitFactors({ layout, params }: HostAdapter): Map<string, LoraFactors> {
  const { rank } = layout;
  return new Map([...layout.modules].map(([name, { aOffset, bOffset, inDim, outDim }]) => {
    const A = { shape: [rank, inDim], data: params.slice(aOffset, aOffset + rank * inDim) };
    const bT = params.subarray(bOffset, bOffset + rank * outDim);
    return [name, { A, B: { shape: [outDim, rank], data: transpose(bT, rank, outDim) } }];
  }));
}

/**
 * Separate matrices as one flat row with its layout. The layout has the largest rank, a smaller one is filled up with
 * zero rows; it has the first module's scale, and another module's ratio to it goes into its B.
 *
 * @example
 * ```ts
 * import { joinFactors } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const layers = ["a", "b"].map((name) => ({ name, inDim: 2, outDim: 1 }));
 * const factor = (shape: number[], data: number[]) => ({ shape, data: Float32Array.from(data) });
 * const factors = new Map([
 *   ["a", { A: factor([1, 2], [1, 2]), B: factor([1, 1], [3]), scale: 2 }],
 *   ["b", { A: factor([2, 2], [1, 2, 3, 4]), B: factor([1, 2], [5, 6]), scale: 4 }],
 * ]);
 * const { layout, params } = joinFactors(layers, factors, "the adapter");
 * const { bOffset } = layout.modules.get("b")!;
 * assertEquals([layout.rank, layout.scale, params[bOffset]], [2, 2, 10]);
 * ```
 *
 * @param layers Linear layers of the model.
 * @param factors By module name; not changed.
 * @param name What to call the adapter in errors.
 * @returns The adapter, its modules in the order of `layers`.
 * @throws {Mistake} If there are no factors, a module is not the model's, a matrix has another shape, or the
 * ranks differ so much that filling up would take more than 256 MiB.
 */
export function joinFactors(
  layers: readonly LinearShape[],
  factors: ReadonlyMap<string, ScaledFactors>,
  name: string,
): HostAdapter {
  if (factors.size === 0) {
    throw new Mistake("model", {
      verb: "use",
      thing: name,
      found: "it has no modules",
      expected: "at least one",
    });
  }
  const adapted = layers.filter((layer) => factors.has(layer.name));
  if (adapted.length < factors.size) {
    const known = new Set(adapted.map((layer) => layer.name));
    const stranger = [...factors.keys()].find((module) => !known.has(module))!;
    throw new Mistake("model", {
      verb: "use",
      thing: name,
      found: `it adapts ${bare(stranger)}`,
      expected: "linear layers of the model as " +
        `${nearestModules(layers, stranger, true).join(", ")}`,
    });
  }
  let rank = 1, stored = 0;
  for (const layer of adapted) {
    const { A, B } = factors.get(layer.name)!;
    requireShape(name, `lora_A of ${layer.name}`, A, [A.shape[0], layer.inDim]);
    requireShape(name, `lora_B of ${layer.name}`, B, [layer.outDim, A.shape[0]]);
    rank = Math.max(rank, A.shape[0]);
    stored += A.data.length + B.data.length;
  }
  const padded = rank * adapted.reduce((sum, { inDim, outDim }) => sum + inDim + outDim, 0);
  if (padded > stored + PADDING) {
    throw new Mistake("model", {
      verb: "use",
      thing: name,
      found: `its largest rank is ${rank} and would fill up all modules to ${padded} elements`,
      expected: `at most ${stored + PADDING}`,
      fix: "Train it with one rank",
    });
  }
  const { scale } = factors.get(adapted[0].name)!;
  const layout = { ...adapterLayout(adapted, { rank, alpha: rank }), scale };
  const params = new Float32Array(layout.size);
  for (const { name: module, aOffset, bOffset, inDim, outDim } of layout.modules.values()) {
    const { A, B, scale: own } = factors.get(module)!;
    params.set(A.data, aOffset);
    const bT = transpose(B.data, outDim, A.data.length / inDim);
    params.set(own === scale ? bT : bT.map((b) => b * (own / scale)), bOffset);
  }
  return { layout, params };
}

/**
 * The weight of an adapter's head: the sum of its rows, f64, rounded once; one row is itself.
 *
 * @example
 * ```ts
 * import { adapterLayout, headWeight, mergedLayout } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const head = { name: "score", inDim: 2 };
 * const own = adapterLayout([{ name: "up", inDim: 3, outDim: 2 }], { rank: 1, alpha: 2, head });
 * const layout = mergedLayout(own, 2), params = new Float32Array(layout.size);
 * params.set([1, 2, 10, 20], layout.head!.offset);
 * assertEquals(headWeight({ layout, params })!.data, Float32Array.of(11, 22));
 * ```
 *
 * @param adapter One member, or the exact mean of several; not changed.
 * @returns A copy [1, D]; undefined where the layout has no head.
 */
export function headWeight({ layout: { head }, params }: HostAdapter): HostTensor | undefined {
  if (head === undefined) return undefined;
  const { offset, rows, inDim: D } = head;
  const data = Float32Array.from({ length: D }, (_, d) => {
    let sum = params[offset + d];
    for (let row = 1; row < rows; row++) sum += params[offset + row * D + d];
    return sum;
  });
  return { shape: [1, D], data };
}

/**
 * An adapter with a head behind its matrices, or with another one than it has.
 *
 * @example
 * ```ts
 * import { adapterLayout, headWeight, withHead } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const layout = adapterLayout([{ name: "up", inDim: 3, outDim: 2 }], { rank: 1, alpha: 2 });
 * const bare = { layout, params: new Float32Array(layout.size) };
 * const scored = withHead(bare, { name: "score", inDim: 2 }, Float32Array.of(3, 4));
 * assertEquals(headWeight(scored)!.data, Float32Array.of(3, 4));
 * ```
 *
 * @param adapter Not changed.
 * @param weight [D].
 * @returns A copy.
 * @throws {RangeError} If the weight has not D numbers.
 */
export function withHead(
  { layout, params }: HostAdapter,
  head: HeadShape,
  weight: ArrayLike<number>,
): HostAdapter {
  if (weight.length !== head.inDim) {
    throw new RangeError(
      `Cannot add a head: its weight has ${weight.length} numbers, expected ${head.inDim}`,
    );
  }
  const grown = headedLayout(layout, head);
  const all = new Float32Array(grown.size);
  all.set(params.subarray(0, grown.head!.offset));
  all.set(weight, grown.head!.offset);
  return { layout: grown, params: all };
}

function requireShape(name: string, what: string, { shape }: HostTensor, wanted: number[]): void {
  if (shape.length === 2 && wanted[0] >= 1 && shape.join() === wanted.join()) return;
  const show = wanted[0] >= 1 ? showShape(wanted) : `[r, ${wanted[1]}]`;
  throw new Mistake("model", {
    verb: "use",
    thing: name,
    found: `${what} shape is ${showShape(shape)}`,
    expected: `${show} for this model`,
  });
}
