// A scoring function as an annotator: the higher score wins, and a broken score is no label.
import type { AnnotateOptions, Annotator, Candidate, Verdict } from "./annotator.ts";

/** Options of {@link ruleAnnotator}. */
export interface RuleOptions {
  /** Scores at most this far apart are a tie, in the score's unit. Default 0: only equal scores. */
  readonly tieMargin?: number;
}

/**
 * An annotator that scores both answers and prefers the higher score. If `score` throws or gives
 * a number that is not finite, the verdict is `failed` with the reason.
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
 * @param score (prompt, answer) → number in any unit, larger is better; must be pure.
 * @param options `tieMargin`: at least 0, default 0.
 * @returns The annotator; its verdicts carry the two scores.
 * @throws {RangeError} If `tieMargin` is negative or not finite.
 */
export function ruleAnnotator(
  name: string,
  score: (prompt: string, answer: string) => number,
  options: RuleOptions = {},
): Annotator {
  const { tieMargin = 0 } = options;
  if (!(tieMargin >= 0 && Number.isFinite(tieMargin))) {
    throw new RangeError(
      `Cannot make rule ${name}: tieMargin is ${tieMargin}, expected a finite number of at least 0`,
    );
  }
  const judge = ({ prompt, a, b }: Candidate): Verdict => {
    let scores: readonly [number, number];
    try {
      scores = [score(prompt, a), score(prompt, b)];
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { outcome: "failed", reason: `${name} threw: ${why}` };
    }
    for (const [i, answer] of (["a", "b"] as const).entries()) {
      if (!Number.isFinite(scores[i])) {
        const reason = `${name} scored answer ${answer} ${scores[i]}, expected a finite number`;
        return { outcome: "failed", reason };
      }
    }
    const difference = scores[0] - scores[1];
    if (Math.abs(difference) <= tieMargin) return { outcome: "tie", scores };
    return { outcome: difference > 0 ? "a" : "b", scores };
  };
  return {
    name,
    // deno-lint-ignore require-await -- an abort must reject, not throw
    async annotate(pairs, { signal }: AnnotateOptions = {}) {
      return pairs.map((pair) => {
        signal?.throwIfAborted();
        return judge(pair);
      });
    },
  };
}
