// A replay buffer: a share of every step's pairs are those of earlier phases, drawn at random.
import { fold, permutation } from "../../core/mod.ts";
import type { PairRecord } from "../../scheduler/pairs.ts";
import { rescore } from "./rescore.ts";
import type { PairSource } from "./source.ts";

/** What comes back, and how much of it. */
export interface BufferOptions {
  /** Phases that are remembered, at least 1. */
  readonly phases: number;
  /** Share of a step's pairs that are remembered ones, above 0 and below 1. */
  readonly share: number;
}

/**
 * A source with a replay buffer around it: of each step's pairs a share (rounded down) are pairs of the last phases that
 * have a winner, drawn without replacement until all have been drawn; the others are new. The first phase remembers
 * nothing: its steps have the new pairs alone. A pair that comes back says in `replayedFrom` from which phase, and is
 * held to the reference of now; in BPO that stays the snapshot that wrote it.
 *
 * @example
 * ```ts
 * import { buffered, offline } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const pairs = offline([{ prompt: [1, 3], chosen: [4, 5], rejected: [6] }]);
 * const mixed = buffered(pairs, { phases: 3, share: 0.25 });
 * assertEquals([mixed.keeps, mixed.newPairs?.(16)], [3, 12]);
 * ```
 *
 * @param source Where new pairs come from.
 * @throws {RangeError} If `phases` is not a whole number of at least 1 or `share` not between 0 and 1.
 */
export function buffered(source: PairSource, { phases, share }: BufferOptions): PairSource {
  if (!(Number.isInteger(phases) && phases >= 1)) {
    throw new RangeError(
      `Cannot buffer pairs: phases is ${phases}, expected a whole number of at least 1`,
    );
  }
  if (!(share > 0 && share < 1)) {
    throw new RangeError(`Cannot buffer pairs: share is ${share}, expected one between 0 and 1`);
  }
  const newPairs = (pairsPerStep: number) => pairsPerStep - Math.floor(share * pairsPerStep);
  return {
    ...source,
    keeps: Math.max(phases, source.keeps ?? 0),
    newPairs,
    async phase(request) {
      const { pairsPerStep, cadence, phase, key } = request;
      const count = newPairs(pairsPerStep);
      const { records: fresh, generated } = await source.phase({ ...request, pairsPerStep: count });
      const pool = request.earlier.slice(-phases).flat()
        .filter(({ verdict: { outcome } }) => outcome === "a" || outcome === "b");
      if (pool.length === 0) return { records: fresh, generated };
      const [from, to] = cadence.span(phase);
      const old = pairsPerStep - count;
      const order = [...draws(pool.length, (to - from) * old, fold(fold(key, "buffer"), phase))];
      const back = order.map((place, i): PairRecord => ({
        ...pool[place],
        step: from + Math.floor(i / old),
        replayedFrom: pool[place].phase,
      }));
      return { records: [...fresh, ...await rescore(request, back)], generated };
    },
  };
}

/** So many places below `length`: every place once, in random order, before any place again. */
function* draws(length: number, count: number, key: ReturnType<typeof fold>): Generator<number> {
  for (let drawn = 0, round = 0; drawn < count; round++) {
    for (const place of permutation(fold(key, round), length)) {
      if (drawn++ === count) return;
      yield place;
    }
  }
}
