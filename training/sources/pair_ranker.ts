// What a policy has learnt of pairs that it has not seen: which answer it has raised more.
import type { Device } from "../../backend/mod.ts";
import type { Adapter, Model, Outcome } from "../../core/mod.ts";
import { type PairIds, type ScoredPair, scorePairs, total } from "./score_pairs.ts";

/**
 * Asks which answer of each held-out pair a policy has raised more against the policy that it began as.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { tinyModel } from "@leash/bpo/core";
 * import { pairRanker } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const pair = { prompt: [1, 3], chosen: [4, 5], rejected: [6] };
 * assertEquals(await pairRanker(device, model, [pair])(undefined), ["tie"]); // the start has raised nothing
 * ```
 *
 * @param base The policy that it began as, default the bare model; it has raised neither, and every pair is a tie.
 * @returns A function of the policy's adapter, undefined for the start, and a signal: "a" where the chosen answer was
 * raised more, "b" where the other was.
 */
export function pairRanker(
  device: Device,
  model: Model,
  pairs: readonly PairIds[],
  base?: Adapter,
): (adapter: Adapter | undefined, signal?: AbortSignal) => Promise<Outcome[]> {
  let start: ScoredPair[] | undefined;
  return async (adapter, signal) => {
    if (adapter === undefined) return pairs.map(() => "tie");
    start ??= await scorePairs(device, model, pairs, base, signal);
    const now = await scorePairs(device, model, pairs, adapter, signal);
    return now.map(({ chosen, rejected }, i) => {
      const margin = total(chosen) - total(start![i].chosen) -
        (total(rejected) - total(start![i].rejected));
      return margin > 0 ? "a" : margin < 0 ? "b" : "tie";
    });
  };
}
