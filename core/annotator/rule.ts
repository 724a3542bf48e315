// A scoring function as an annotator: the higher score wins, and a broken score is no label.
import type { Annotator, Verdict } from "./annotator.ts";
import { callRule, scoreVerdict } from "./score.ts";

/** Options of {@link ruleAnnotator}. */
export interface RuleOptions {
  /** Scores at most this far apart are a tie, in the score's unit. Default 0: only equal scores. */
  readonly tieMargin?: number;
}

/**
 * An annotator that scores both answers and prefers the higher score. A promise is awaited. If `score` throws, or
 * gives anything but a finite number, the verdict is `failed` with the reason.
 *
 * @example
 * ```ts
 * import { ruleAnnotator } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const polite = ruleAnnotator("polite", (_prompt, answer) => /thank/i.test(answer) ? 1 : 0);
 * const verdicts = await polite.annotate([{ prompt: "Here.", a: "Give.", b: "Thank you!" }]);
 * assertEquals(verdicts, [{ outcome: "b", scores: [0, 1] }]);
 * ```
 *
 * @param name Name for logs.
 * @param score (prompt, answer) → number in any unit, or a promise of it, larger is better; must be pure.
 * @param options `tieMargin`: at least 0, default 0.
 * @returns The annotator; its verdicts carry the two scores. It asks for one score after the other.
 * @throws {RangeError} If `tieMargin` is negative or not finite.
 */
export function ruleAnnotator(
  name: string,
  score: (prompt: string, answer: string) => number | Promise<number>,
  options: RuleOptions = {},
): Annotator {
  const { tieMargin = 0 } = options;
  if (!(tieMargin >= 0 && Number.isFinite(tieMargin))) {
    throw new RangeError(
      `Cannot make rule ${name}: tieMargin is ${tieMargin}, expected a finite number of at least 0`,
    );
  }
  return {
    name,
    async annotate(pairs, { signal } = {}) {
      const verdicts: Verdict[] = [];
      for (const { prompt, a, b } of pairs) {
        signal?.throwIfAborted();
        const first = await callRule(() => score(prompt, a));
        const second = typeof first === "number" ? await callRule(() => score(prompt, b)) : first;
        verdicts.push(scoreVerdict(name, [first, second], tieMargin));
      }
      return verdicts;
    },
  };
}
