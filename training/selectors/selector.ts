// Which answers of a group are compared: two of n make a pair.
import type { Annotator, TokenSequence, Verdict } from "../../core/mod.ts";

/** The answers to one prompt. */
export interface AnswerGroup {
  /** What annotators see. */
  readonly prompt: string;
  /** What annotators see of the answers, in the order in which they were sampled. */
  readonly texts: readonly string[];
  /** The answers in tokens, each after the prompt. */
  readonly sequences: readonly TokenSequence[];
}

/** A pair of a group's answers. */
export interface PairChoice {
  /** Place of the first answer in the group. */
  readonly a: number;
  /** Place of the second. */
  readonly b: number;
  /** What the annotator has said of them already; else it is asked. */
  readonly verdict?: Verdict;
  /** What the choice was made by, one number an answer; null where there was none. */
  readonly scores?: readonly (number | null)[];
}

/** Whom a selector can ask. */
export interface SelectorContext {
  /** The run's annotator. */
  readonly annotator: Annotator;
  /** Log-probs of sequences under each member as it is now, nats: [member][sequence]. */
  memberLogps(sequences: readonly TokenSequence[]): Promise<Float32Array[]>;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/**
 * Makes pairs of groups: `firstTwo`, `bestAndWorst`, `mostDisputed`, or one of your own.
 *
 * @example All pairs of neighbours, so that n answers train n − 1 times
 * ```ts
 * import type { PairSelector } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const neighbours: PairSelector = {
 *   name: "neighbours",
 *   select: (groups) =>
 *     Promise.resolve(groups.map(({ texts }) => texts.slice(1).map((_, i) => ({ a: i, b: i + 1 })))),
 * };
 * const group = { prompt: "Hi", texts: ["x", "y", "z"], sequences: [] };
 * const asked = { annotator: { name: "-", annotate: () => Promise.resolve([]) }, memberLogps: () => Promise.resolve([]) };
 * assertEquals(await neighbours.select([group], asked), [[{ a: 0, b: 1 }, { a: 1, b: 2 }]]);
 * ```
 */
export interface PairSelector {
  /** Its name in records. */
  readonly name: string;
  /** The pairs of each group, in order. */
  select(
    groups: readonly AnswerGroup[],
    context: SelectorContext,
  ): Promise<readonly (readonly PairChoice[])[]>;
}
