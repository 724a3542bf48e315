// The exact mean of adapters on the host: the mean of their ΔW as one adapter whose rank is the sum of theirs.
import type { LinearShape } from "./adapter.ts";
import { Mistake } from "../base/mistake.ts";
import {
  headWeight,
  type HostAdapter,
  joinFactors,
  type LoraFactors,
  splitFactors,
  withHead,
} from "./factors.ts";

/**
 * (1/K) Σ_k scale_k·B_k·A_k as [A_1; …; A_K] and [B_1 … B_K]. A member that does not adapt a module counts as zero
 * there. Exact up to one rounding of B; one member is itself, bit for bit. The mean has the mean of their heads.
 *
 * @example
 * ```ts
 * import { adapterLayout, meanOfAdapters } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const layers = [{ name: "up", inDim: 2, outDim: 1 }];
 * const layout = adapterLayout(layers, { rank: 1, alpha: 1 });
 * const member = { layout, params: new Float32Array(layout.size).fill(4) };
 * const mean = meanOfAdapters([member, member], layers);
 * const { bOffset } = mean.layout.modules.get("up")!;
 * assertEquals([mean.layout.rank, mean.params[bOffset]], [2, 2]); // B is divided by the members
 * ```
 *
 * @param members At least one; not changed.
 * @param layers Linear layers of the model, whose order the modules take.
 * @returns An adapter of the ranks' sum; a copy, but for a lone member.
 * @throws {Mistake} If some have a head and others none, or another one.
 */
export function meanOfAdapters(
  members: readonly HostAdapter[],
  layers: readonly LinearShape[],
): HostAdapter {
  if (members.length === 1) return members[0];
  const { scale } = members[0].layout;
  const parts = members.map((member) => ({
    factors: splitFactors(member),
    share: member.layout.scale / (members.length * scale),
  }));
  const modules = new Set(members.flatMap(({ layout }) => [...layout.modules.keys()]));
  const joined = new Map([...modules].map((name) => {
    const own = parts.flatMap(({ factors, share }) => {
      const pair = factors.get(name);
      return pair === undefined ? [] : [{ pair, share }];
    });
    return [name, { ...concatenated(own), scale }];
  }));
  return withMeanHead(joinFactors(layers, joined, "the mean of the adapters"), members);
}

/** Their heads' mean behind the mean of their matrices, summed in f64 and rounded once. */
function withMeanHead(mean: HostAdapter, members: readonly HostAdapter[]): HostAdapter {
  const [head, ...others] = members.map(({ layout }) => layout.head);
  if (others.some((one) => one?.name !== head?.name || one?.inDim !== head?.inDim)) {
    throw new Mistake("model", {
      ...{ verb: "merge", thing: "the adapters", found: "their heads are not of one kind" },
      expected: "the same head in all of them, or in none",
    });
  }
  if (head === undefined) return mean;
  const weights = members.map((member) => headWeight(member)!.data);
  const sum = (d: number) => weights.reduce((all, weight) => all + weight[d], 0);
  const weight = Array.from({ length: head.inDim }, (_, d) => sum(d) / members.length);
  return withHead(mean, head, weight);
}

/** Rows of A below each other, columns of B beside each other. */
function concatenated(
  parts: readonly { readonly pair: LoraFactors; readonly share: number }[],
): LoraFactors {
  const rank = parts.reduce((sum, { pair }) => sum + pair.A.shape[0], 0);
  const inDim = parts[0].pair.A.shape[1], outDim = parts[0].pair.B.shape[0];
  const A = new Float32Array(rank * inDim), B = new Float32Array(outDim * rank);
  let at = 0;
  for (const { pair, share } of parts) {
    const r = pair.A.shape[0];
    A.set(pair.A.data, at * inDim);
    for (let o = 0; o < outDim; o++) {
      for (let i = 0; i < r; i++) B[o * rank + at + i] = pair.B.data[o * r + i] * share;
    }
    at += r;
  }
  return { A: { shape: [rank, inDim], data: A }, B: { shape: [outDim, rank], data: B } };
}
