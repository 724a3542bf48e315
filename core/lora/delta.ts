// What an adapter adds to a base weight: ΔW = scale·B·A, the mean of it over members, summed in f64 and rounded once.
import type { HostAdapter } from "./factors.ts";
import { Mistake } from "../base/mistake.ts";

/**
 * Adds the mean of the members' updates to one weight: W ← W + (1/K) Σ_k scale_k·B_k·A_k. A member that does not
 * adapt the module counts as zero.
 *
 * @example
 * ```ts
 * import { adapterLayout, addDelta } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const layout = adapterLayout([{ name: "up", inDim: 2, outDim: 1 }], { rank: 1, alpha: 2 });
 * const params = new Float32Array(layout.size);
 * params.set([3, 4], 0); // A [1, 2]
 * params[64] = 5; // Bᵀ [1, 1]
 * const weight = Float32Array.of(1, 1);
 * addDelta(weight, [{ layout, params }], "up");
 * assertEquals(weight, Float32Array.of(1 + 2 * 5 * 3, 1 + 2 * 5 * 4));
 * ```
 *
 * @param weight [out, in] f32, or [in, out] where the layer says `transposed`; changed in place.
 * @param members Adapters on the host; borrowed.
 * @param module Name of the layer.
 * @throws {Mistake} If no member adapts the module, or the weight has another size.
 */
export function addDelta(
  weight: Float32Array,
  members: readonly HostAdapter[],
  module: string,
): void {
  const parts = members.filter(({ layout }) => layout.modules.has(module));
  if (parts.length === 0) {
    throw new Mistake("model", {
      verb: "merge",
      thing: module,
      found: "no adapter has it",
      expected: "at least one",
    });
  }
  const { inDim, outDim, transposed = false } = parts[0].layout.modules.get(module)!;
  if (weight.length !== inDim * outDim) {
    throw new Mistake("model", {
      verb: "merge",
      thing: module,
      found: `its weight has ${weight.length} elements`,
      expected: `${inDim}·${outDim}`,
    });
  }
  const [stepOut, stepIn] = transposed ? [1, outDim] : [inDim, 1];
  const row = new Float64Array(inDim);
  for (let o = 0; o < outDim; o++) {
    row.fill(0);
    for (const { layout, params } of parts) {
      const { aOffset, bOffset } = layout.modules.get(module)!;
      for (let r = 0; r < layout.rank; r++) {
        const b = params[bOffset + r * outDim + o] * layout.scale / members.length;
        if (b === 0) continue;
        const a = aOffset + r * inDim;
        for (let i = 0; i < inDim; i++) row[i] += b * params[a + i];
      }
    }
    for (let i = 0; i < inDim; i++) weight[o * stepOut + i * stepIn] += row[i];
  }
}
