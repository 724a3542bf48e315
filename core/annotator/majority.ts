// Several annotators vote on each pair.
import { type Annotator, askAnnotator, type Outcome, type Verdict } from "./annotator.ts";

/** Options of {@link majority}. */
export interface MajorityOptions {
  /** Name for logs. Default: "majority of " and the names. */
  readonly name?: string;
  /** Fewest votes that did not fail, else the pair fails. Default: more than half of all. */
  readonly quorum?: number;
}

/**
 * Asks all annotators at once and takes, for each pair, the outcome with the most votes. `tie` is a
 * vote like a and b; a draw for the most votes is a tie; a failed verdict is no vote. If one
 * annotator rejects, the others are aborted and the error is passed on.
 *
 * @example
 * ```ts
 * import { majority, ruleAnnotator } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const longer = ruleAnnotator("longer", (_prompt, answer) => answer.length);
 * const polite = ruleAnnotator("polite", (_prompt, answer) => Number(/thank/i.test(answer)));
 * const calm = ruleAnnotator("calm", (_prompt, answer) => -answer.split("!").length);
 * const vote = majority([longer, polite, calm]);
 * const [verdict] = await vote.annotate([{ prompt: "Here.", a: "Thank you.", b: "Yes!" }]);
 * assertEquals(verdict.outcome, "a");
 * ```
 *
 * @param annotators At least one.
 * @param options `name`; `quorum`: votes that must not fail, default more than half.
 * @returns The annotator; its reasons count the votes.
 * @throws {TypeError} If there is no annotator.
 * @throws {RangeError} If `quorum` is not an integer from 1 to the number of annotators.
 */
export function majority(
  annotators: readonly Annotator[],
  options: MajorityOptions = {},
): Annotator {
  const n = annotators.length;
  if (n === 0) {
    throw new TypeError("Cannot take a majority: the list is empty, expected annotators");
  }
  const { quorum = Math.floor(n / 2) + 1 } = options;
  if (!Number.isInteger(quorum) || quorum < 1 || quorum > n) {
    throw new RangeError(
      `Cannot take a majority: quorum is ${quorum}, expected an integer from 1 to ${n}`,
    );
  }
  const names = annotators.map((annotator) => annotator.name);
  return {
    name: options.name ?? `majority of ${names.join(", ")}`,
    async annotate(pairs, { signal } = {}) {
      const stop = new AbortController();
      const shared = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
      const answers = annotators.map((annotator) =>
        askAnnotator(annotator, pairs, { signal: shared })
      );
      try {
        const votes = await Promise.all(answers);
        return pairs.map((_, i) => count(votes.map((verdicts) => verdicts[i]), names, quorum));
      } catch (error) {
        stop.abort(error);
        await Promise.allSettled(answers);
        throw error;
      }
    },
  };
}

function count(votes: readonly Verdict[], names: readonly string[], quorum: number): Verdict {
  const tally: Record<Outcome, number> = { a: 0, b: 0, tie: 0, failed: 0 };
  for (const vote of votes) tally[vote.outcome]++;
  if (votes.length - tally.failed < quorum) {
    const why = votes.flatMap((vote, i) =>
      vote.outcome === "failed" ? [`${names[i]}: ${vote.reason ?? "no reason given"}`] : []
    );
    const reason = `${votes.length - tally.failed} votes of ${quorum} needed (${why.join("; ")})`;
    return { outcome: "failed", reason };
  }
  const most = Math.max(tally.a, tally.b, tally.tie);
  const leaders = (["a", "b", "tie"] as const).filter((outcome) => tally[outcome] === most);
  const reason = `votes: a ${tally.a}, b ${tally.b}, tie ${tally.tie}, failed ${tally.failed}`;
  return { outcome: leaders.length === 1 ? leaders[0] : "tie", reason };
}
