// The pairs that another run recorded, step by step, instead of new ones.
import type { PairRecord } from "../../scheduler/pairs.ts";
import { rescore } from "./rescore.ts";
import type { PairSource } from "./source.ts";

/**
 * Another run's pairs, each at its step: with their recorded reference log-probs where those are of this run's
 * reference, else with log-probs by it. The averages of an ema run are not there any more: its recorded log-probs stay.
 *
 * @example
 * ```ts
 * import { replayed } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * assertEquals(replayed([]).entries, undefined); // nothing comes round again
 * ```
 *
 * @param records All of a run, in any order of steps.
 */
export function replayed(records: readonly PairRecord[]): PairSource {
  return {
    async phase(request) {
      const [from, to] = request.cadence.span(request.phase);
      const own = records.filter(({ step }) => step >= from && step < to);
      const isKnown = request.mode === "ema" ? () => true : undefined;
      return { records: await rescore(request, own, isKnown), generated: 0 };
    },
  };
}
