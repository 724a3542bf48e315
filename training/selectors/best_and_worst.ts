// Best and worst of n: the pair of which an annotator with scores is surest.
import { askAnnotator, type Candidate, type Verdict } from "../../core/mod.ts";
import type { AnswerGroup, PairChoice, PairSelector } from "./selector.ts";

/**
 * Of each group the answer with the highest score and that with the lowest, in the order in which they were sampled.
 * The annotator is asked about answers two by two, ⌈n/2⌉ times a group, and once more about the chosen pair where those
 * two had not met. Answers without a score, because the annotator failed, are left out; where fewer than two are left,
 * the group's pair has failed. The first of equal answers counts as best, the last as worst.
 *
 * @example
 * ```ts
 * import { ruleAnnotator } from "@leash/bpo/core";
 * import { bestAndWorst } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const annotator = ruleAnnotator("long", (_prompt, answer) => answer.length);
 * const group = { prompt: "Hi", texts: ["aa", "aaaa", "a", "aaa"], sequences: [] };
 * const [[{ a, b }]] = await bestAndWorst().select([group], {
 *   annotator,
 *   memberLogps: () => Promise.resolve([]),
 * });
 * assertEquals([a, b], [1, 2]);
 * ```
 *
 * @throws {TypeError} From `select`, if the annotator gives no scores.
 */
export function bestAndWorst(): PairSelector {
  return {
    name: "best-and-worst",
    async select(groups, { annotator, signal }) {
      const ask = (pairs: readonly Candidate[]) => askAnnotator(annotator, pairs, { signal });
      const asked = groups.map(({ texts }) => meetings(texts.length));
      const verdicts = await ask(
        groups.flatMap((group, g) => asked[g].map(([a, b]) => candidate(group, a, b))),
      );
      let at = 0;
      const choices = groups.map(({ texts }, g): PairChoice => {
        const own = asked[g].map((places) => ({ places, verdict: verdicts[at++] }));
        const scores = Array<number | null>(texts.length).fill(null);
        for (const { places, verdict } of own) {
          places.forEach((place, i) =>
            scores[place] = scoreOf(annotator.name, verdict, i) ?? scores[place]
          );
        }
        return choose(scores, own);
      });
      const open = choices.filter(({ verdict }) => verdict === undefined);
      const told = await ask(
        choices.flatMap((choice, g) =>
          choice.verdict === undefined ? [candidate(groups[g], choice.a, choice.b)] : []
        ),
      );
      const verdictOf = new Map(open.map((choice, i) => [choice, told[i]]));
      return choices.map((
        choice,
      ) => [{ ...choice, verdict: choice.verdict ?? verdictOf.get(choice) }]);
    },
  };
}

/** Two answers that met, and what was said of them. */
interface Meeting {
  readonly places: readonly [number, number];
  readonly verdict: Verdict;
}

/** Every answer meets another: 0 and 1, 2 and 3, and where n is odd the first and the last. */
function meetings(n: number): (readonly [number, number])[] {
  return Array.from(
    { length: Math.ceil(n / 2) },
    (_, i) => 2 * i + 1 < n ? [2 * i, 2 * i + 1] : [0, n - 1],
  );
}

const candidate = ({ prompt, texts }: AnswerGroup, a: number, b: number): Candidate => ({
  prompt,
  a: texts[a],
  b: texts[b],
});

/** The score of one of a verdict's answers; null where the annotator failed. */
function scoreOf(name: string, { outcome, scores }: Verdict, which: number): number | null {
  if (outcome === "failed") return null;
  const score = scores?.[which];
  if (score !== undefined && Number.isFinite(score)) return score;
  throw new TypeError(
    `Cannot select the best and the worst answer: the score by annotator ${name} is ${score}, expected a finite number. ` +
      "Take an annotator that gives scores, or firstTwo()",
  );
}

/** Best and worst by what is known. */
function choose(scores: readonly (number | null)[], meetings: readonly Meeting[]): PairChoice {
  const known = scores.flatMap((score, place) => score === null ? [] : [{ score, place }]);
  if (known.length < 2) {
    const { places: [a, b], verdict } = meetings.find(({ verdict }) =>
      verdict.outcome === "failed"
    )!;
    return { a, b, verdict, scores };
  }
  const best = known.reduce((best, one) => one.score > best.score ? one : best);
  const worst = known.reduce((worst, one) => one.score <= worst.score ? one : worst);
  const [a, b] = [best.place, worst.place].toSorted((x, y) => x - y);
  const met = meetings.find(({ places }) => places[0] === a && places[1] === b);
  return { a, b, scores, ...(met ? { verdict: met.verdict } : {}) };
}
