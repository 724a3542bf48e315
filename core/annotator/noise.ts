// A careless annotator: some verdicts are the wrong way round, always the same ones.
import { type Annotator, askAnnotator, type Candidate, swapVerdict } from "./annotator.ts";

/** Options of {@link withNoise}. */
export interface NoiseOptions {
  /** Which pairs are flipped; any integer. Default 0. */
  readonly seed?: number;
}

/**
 * Flips a preference with probability `p`. Whether a pair is flipped depends only on the seed, its
 * prompt and its two answers, not on when it is asked or in which order the answers stand, so a
 * resumed run and an order-swap test see the same annotator. Ties and failures stay.
 *
 * @example
 * ```ts
 * import { ruleAnnotator, withNoise } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const longer = ruleAnnotator("longer", (_prompt, answer) => answer.length);
 * const [verdict] = await withNoise(longer, 1).annotate([{ prompt: "Hi", a: "Hello", b: "Yo" }]);
 * assertEquals(verdict.outcome, "b");
 * ```
 *
 * @param inner Whom to ask.
 * @param p Probability of a flip, 0 to 1.
 * @param options `seed`: which pairs are flipped; an integer, default 0.
 * @returns The annotator; a flipped verdict has its scores exchanged and the reason "flipped".
 * @throws {RangeError} If `p` is not in [0, 1] or `seed` is not an integer.
 */
export function withNoise(inner: Annotator, p: number, options: NoiseOptions = {}): Annotator {
  const { seed = 0 } = options;
  if (!(p >= 0 && p <= 1)) {
    throw new RangeError(
      `Cannot add noise to annotator ${inner.name}: p is ${p}, expected a probability, 0 to 1`,
    );
  }
  if (!Number.isInteger(seed)) {
    throw new RangeError(
      `Cannot add noise to annotator ${inner.name}: seed is ${seed}, expected an integer`,
    );
  }
  return {
    name: inner.name,
    async annotate(pairs, call = {}) {
      const verdicts = await askAnnotator(inner, pairs, call);
      return verdicts.map((verdict, i) => {
        const decided = verdict.outcome === "a" || verdict.outcome === "b";
        if (!decided || uniformOf(seed, pairs[i]) >= p) return verdict;
        const { order } = verdict; // as it was asked
        return { ...swapVerdict(verdict), reason: "flipped", ...(order ? { order } : {}) };
      });
    },
  };
}

/** A number in [0, 1) from the contents of a pair, the same for both orders of its answers. */
function uniformOf(seed: number, { prompt, a, b }: Candidate): number {
  const text = JSON.stringify([seed, prompt, ...(a < b ? [a, b] : [b, a])]);
  let hash = 0x811c9dc5; // FNV-1a over UTF-16 units, both bytes
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  // Murmur's finaliser: FNV alone leaves its high bits too close for similar texts.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
