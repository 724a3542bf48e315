// What sways an annotator besides the answers: their order, their length, who wrote them.
import type { Candidate, Verdict } from "./annotator.ts";

/** Who wrote the answers of a pair, where that is known. */
export interface PairAuthors {
  /** Of the first answer. */
  readonly a?: string;
  /** Of the second. */
  readonly b?: string;
}

/** A share of some cases. */
export interface BiasShare {
  /** In [0, 1]; NaN where there is no case. */
  readonly value: number;
  /** Of how many cases. */
  readonly n: number;
}

/** Numbers of verdicts; 0.5 is fair for the shares of wins. */
export interface BiasReport {
  /** Verdicts that did not fail. */
  readonly said: number;
  /** Verdicts that failed. */
  readonly failed: number;
  /** Pairs whose two orders disagreed, of those that were asked in both. */
  readonly flips: BiasShare;
  /** Wins of the answer that was shown first, of all showings with a winner. */
  readonly first: BiasShare;
  /** Wins of the longer answer, of decided pairs whose answers differ in length (characters). */
  readonly longer: BiasShare;
  /** Wins of the annotator's own answers against others', of decided pairs of just one of its own. */
  readonly own: BiasShare;
}

const share = (wins: number, n: number): BiasShare => ({ value: wins / n, n });

/**
 * What verdicts on pairs say of their annotator.
 *
 * @example
 * ```ts
 * import { biasReport } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const pairs = [{ prompt: "", a: "long one", b: "short" }, { prompt: "", a: "x", b: "longer" }];
 * const report = biasReport(pairs, [{ outcome: "a" }, { outcome: "tie", order: "both", flip: "first" }]);
 * assertEquals([report.longer, report.flips], [{ value: 1, n: 1 }, { value: 1, n: 1 }]);
 * assertEquals(report.first, { value: 1, n: 3 }); // one showing of the first pair, two of the second
 * ```
 *
 * @param pairs As they were asked.
 * @param verdicts One a pair, in order.
 * @param options `authors`, one a pair, and who of them the annotator is, for `own`.
 * @throws {RangeError} If there are not as many verdicts, or authors, as pairs.
 */
export function biasReport(
  pairs: readonly Candidate[],
  verdicts: readonly Verdict[],
  { authors, self }: { readonly authors?: readonly PairAuthors[]; readonly self?: string } = {},
): BiasReport {
  for (const [name, list] of Object.entries({ verdicts, authors: authors ?? pairs })) {
    if (list.length === pairs.length) continue;
    throw new RangeError(
      `Cannot report biases: there are ${list.length} ${name}, expected ${pairs.length}, one a pair`,
    );
  }
  const sums = { both: 0, flips: 0, first: 0, shown: 0, longer: 0, uneven: 0, own: 0, mixed: 0 };
  for (const [i, { a, b }] of pairs.entries()) {
    const { outcome, order = "a,b", flip } = verdicts[i];
    if (outcome === "failed") continue;
    if (order === "both") sums.both++;
    if (flip !== undefined) sums.flips++;
    if (flip === "first") sums.first += 2;
    if (flip === "first" || flip === "second") sums.shown += 2;
    if (outcome === "tie") continue;
    sums.shown += order === "both" ? 2 : 1;
    if (order === "both" || (outcome === "a") === (order === "a,b")) sums.first++;
    if (a.length !== b.length) {
      sums.uneven++;
      if ((a.length > b.length) === (outcome === "a")) sums.longer++;
    }
    const { a: first, b: second } = authors?.[i] ?? {};
    if (self === undefined || (first === self) === (second === self)) continue;
    sums.mixed++;
    if ((first === self) === (outcome === "a")) sums.own++;
  }
  const failed = verdicts.filter(({ outcome }) => outcome === "failed").length;
  return {
    ...{ said: verdicts.length - failed, failed },
    flips: share(sums.flips, sums.both),
    first: share(sums.first, sums.shown),
    longer: share(sums.longer, sums.uneven),
    own: share(sums.own, sums.mixed),
  };
}
