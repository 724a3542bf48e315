// Who says which of two answers is better: one interface for rules, judges, models and people.
import { Mistake } from "../base/mistake.ts";

/** What an annotator says of a pair. `failed` is no opinion at all and never a label. */
export type Outcome = "a" | "b" | "tie" | "failed";

/** In which order an annotator saw the two answers; "both" where it was asked twice. */
export type AskedOrder = "a,b" | "b,a" | "both";

/** Which answer won both times where the orders disagreed: the one shown first, the one shown second, or neither. */
export type Flip = "first" | "second" | "neither";

/** An annotator's answer for one pair. */
export interface Verdict {
  /** The better answer, or that there is none, or that nothing could be said. */
  readonly outcome: Outcome;
  /** Why; always there for `failed`. */
  readonly reason?: string;
  /** Scores of a and b in the annotator's own unit, larger is better, where it has any. */
  readonly scores?: readonly [number, number];
  /** The order in which the answers were shown; absent for a first, as they came. */
  readonly order?: AskedOrder;
  /** How the two orders disagreed, where both were asked and did; the outcome is then a tie. */
  readonly flip?: Flip;
}

/** A prompt and two answers to it. */
export interface Candidate {
  /** What was asked. */
  readonly prompt: string;
  /** The first answer. */
  readonly a: string;
  /** The second answer. */
  readonly b: string;
}

/** Options that every annotator takes. */
export interface AnnotateOptions {
  /**
   * Aborts the call: it then rejects with the signal's reason and no verdict counts. An annotator that does not listen
   * is left to itself.
   */
  readonly signal?: AbortSignal;
  /** Whether nothing that was said before counts, and nothing is remembered of this; default false. */
  readonly isFresh?: boolean;
}

/** Compares pairs of answers. */
export interface Annotator {
  /** Short name for logs and run folders. */
  readonly name: string;
  /**
   * One verdict a pair, in the order of `pairs`. What went wrong with one pair is its `failed`
   * verdict; a rejection means that the annotator as a whole is broken, or was aborted.
   */
  annotate(pairs: readonly Candidate[], options?: AnnotateOptions): Promise<Verdict[]>;
}

const OUTCOMES: readonly string[] = ["a", "b", "tie", "failed"] satisfies Outcome[];

/**
 * Asks an annotator and checks that its answer can be used: one verdict a pair, each with a known
 * outcome. An abort ends it at once, whether the annotator listens to the signal or not: what it says later is dropped.
 *
 * @example
 * ```ts
 * import { askAnnotator, ruleAnnotator } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const longer = ruleAnnotator("longer", (_prompt, answer) => answer.length);
 * const [verdict] = await askAnnotator(longer, [{ prompt: "Hi", a: "Hello there", b: "Yo" }]);
 * assertEquals(verdict.outcome, "a");
 * ```
 *
 * @param annotator Whom to ask.
 * @param pairs The pairs; an empty list is answered without asking.
 * @param options `signal`: passed on.
 * @returns One verdict a pair, in order.
 * @throws {Mistake} If the number of verdicts or an outcome is wrong. Rejects with the signal's
 * reason if it was aborted, and with whatever the annotator rejects with.
 */
export async function askAnnotator(
  annotator: Annotator,
  pairs: readonly Candidate[],
  options: AnnotateOptions = {},
): Promise<Verdict[]> {
  options.signal?.throwIfAborted();
  if (pairs.length === 0) return [];
  const verdicts = await untilAborted(annotator.annotate(pairs, options), options.signal);
  options.signal?.throwIfAborted();
  if (!Array.isArray(verdicts) || verdicts.length !== pairs.length) {
    const found = Array.isArray(verdicts) ? `${verdicts.length} verdicts` : String(verdicts);
    throw new Mistake("usage", {
      verb: "use",
      thing: `the answer of annotator ${annotator.name}`,
      found: `it is ${found}`,
      expected: `${pairs.length} verdicts, one a pair`,
    });
  }
  for (let i = 0; i < verdicts.length; i++) {
    if (!OUTCOMES.includes(verdicts[i]?.outcome)) {
      throw new Mistake("usage", {
        verb: "use",
        thing: `the answer of annotator ${annotator.name}`,
        found: `outcome ${i} is ${String(verdicts[i]?.outcome)}`,
        expected: "a, b, tie or failed",
      });
    }
  }
  return verdicts;
}

/** What comes first: the answer, or the abort. */
async function untilAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await answer;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([answer, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * The same pair with its answers exchanged.
 *
 * @example
 * ```ts
 * import { swapCandidate } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals(swapCandidate({ prompt: "p", a: "x", b: "y" }), { prompt: "p", a: "y", b: "x" });
 * ```
 *
 * @param pair The pair; not changed.
 * @returns A new pair.
 */
export function swapCandidate(pair: Candidate): Candidate {
  return { prompt: pair.prompt, a: pair.b, b: pair.a };
}

const EXCHANGED: Readonly<Record<AskedOrder, AskedOrder>> = {
  "a,b": "b,a",
  "b,a": "a,b",
  both: "both",
};

/**
 * The verdict on the exchanged pair: a becomes b, scores and a named order change places, tie and failed stay.
 *
 * @example
 * ```ts
 * import { swapVerdict } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals(swapVerdict({ outcome: "a", scores: [2, 1] }), { outcome: "b", scores: [1, 2] });
 * ```
 *
 * @param verdict The verdict; not changed.
 * @returns A new verdict.
 */
export function swapVerdict(verdict: Verdict): Verdict {
  const outcome = verdict.outcome === "a" ? "b" : verdict.outcome === "b" ? "a" : verdict.outcome;
  return {
    ...verdict,
    outcome,
    ...(verdict.scores ? { scores: [verdict.scores[1], verdict.scores[0]] as const } : {}),
    ...(verdict.order ? { order: EXCHANGED[verdict.order] } : {}),
  };
}
