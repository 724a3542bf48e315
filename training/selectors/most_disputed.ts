// The pair of which the ensemble knows least: its members disagree most about it.
import type { PairSelector } from "./selector.ts";

/**
 * Of each group the two answers about whose log-ratio the members disagree most: the pair (i, j) with the greatest
 * variance over the members of log π(i) − log π(j). The reference is the same for all of them and does not count. Costs
 * a scoring pass a member over all answers; of pairs that are disputed alike the first is taken, so that members which
 * are still the same choose the first two.
 *
 * @example
 * ```ts
 * import { mostDisputed } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const sequences = [[1, 2], [1, 3], [1, 4]].map((ids) => ({ ids, promptLength: 1 }));
 * const members = [[-1, -2, -3], [-1, -2, -5]]; // they differ in the third answer
 * const [[{ a, b }]] = await mostDisputed().select([{ prompt: "", texts: ["", "", ""], sequences }], {
 *   annotator: { name: "nobody", annotate: () => Promise.resolve([]) },
 *   memberLogps: () => Promise.resolve(members.map((logps) => new Float32Array(logps))),
 * });
 * assertEquals([a, b], [0, 2]);
 * ```
 *
 * @throws {RangeError} From `select`, if there is one member.
 */
export function mostDisputed(): PairSelector {
  return {
    name: "most-disputed",
    async select(groups, { memberLogps }) {
      const members = await memberLogps(groups.flatMap(({ sequences }) => sequences));
      if (members.length < 2) {
        throw new RangeError(
          `Cannot select by disagreement: the run has ${members.length} member, expected at least 2`,
        );
      }
      let from = 0;
      return groups.map(({ sequences: { length } }) => {
        const own = members.map((logps) => logps.subarray(from, from + length));
        from += length;
        let most = { a: 0, b: 1, variance: -1 };
        for (let a = 0; a < length; a++) {
          for (let b = a + 1; b < length; b++) {
            const variance = varianceOf(own.map((logps) => logps[a] - logps[b]));
            if (variance > most.variance) most = { a, b, variance };
          }
        }
        return [{ a: most.a, b: most.b }];
      });
    },
  };
}

function varianceOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
