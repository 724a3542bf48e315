// `--annotator`: a rule by name with combinators around it. Who did not train the run judges it besides.
import { type Annotator, ruleAnnotator, withNoise, withOrderSwap } from "../core/mod.ts";
import { loadJudge } from "../stories/judge.ts";
import { loadKindRule } from "../stories/rule.ts";
import { quote, UsageError } from "./flags.ts";
import { nearest } from "../losses/nearest.ts";

/** Who says what in a run. */
export interface Annotators {
  /** Labels the pairs that are trained on. */
  readonly training: Annotator;
  /** The same without noise: the win rate is its. */
  readonly evaluation: Annotator;
  /** Never trains: the held-out win rate is its. */
  readonly heldOut: Annotator;
}

const SOURCES = ["stories", "judge"] as const;
const COMBINATORS = ["swap", "noise:P"] as const;

interface Plan {
  readonly source: typeof SOURCES[number];
  readonly around: readonly ((inner: Annotator, seed: number) => Annotator)[];
}

/**
 * Checks the text of `--annotator` and nothing else: no file is read.
 *
 * @throws {UsageError} If a part of it is unknown or noise is not in [0, 1].
 */
export function planAnnotator(text: string): Plan {
  const [source, ...rest] = text.split(",").map((part) => part.trim());
  const known = SOURCES.find((name) => name === source);
  if (known === undefined) {
    throw new UsageError(
      `Cannot train: --annotator is ${quote(source)}, expected ${SOURCES.join(" or ")}, then ` +
        `${COMBINATORS.join(" or ")} after commas. Did you mean ${nearest(source, SOURCES)}?`,
    );
  }
  return { source: known, around: rest.map(planCombinator) };
}

function planCombinator(part: string): (inner: Annotator, seed: number) => Annotator {
  const [name, value, ...more] = part.split(":");
  if (name === "swap" && value === undefined) return (inner) => withOrderSwap(inner);
  if (name !== "noise" || more.length > 0) {
    throw new UsageError(
      `Cannot train: --annotator has ${quote(part)}, expected ${COMBINATORS.join(" or ")}. ` +
        `Did you mean ${nearest(name, COMBINATORS)}?`,
    );
  }
  const p = value?.trim() ? Number(value) : NaN;
  if (!(p >= 0 && p <= 1)) {
    throw new UsageError(
      `Cannot train: --annotator has ${
        quote(part)
      }, expected noise:P with P from 0 to 1, such as noise:0.1`,
    );
  }
  return (inner, seed) => withNoise(inner, p, { seed });
}

/**
 * Builds the annotators of a run.
 *
 * @param text `--annotator`: "stories" or "judge", then combinators after commas.
 * @param seed Of the noise.
 * @throws {UsageError} As `planAnnotator`.
 */
export async function buildAnnotators(text: string, seed: number): Promise<Annotators> {
  const { source, around } = planAnnotator(text);
  const stories = ruleAnnotator("stories", await loadKindRule());
  const judge = ruleAnnotator("judge", await loadJudge());
  const [evaluation, heldOut] = source === "stories" ? [stories, judge] : [judge, stories];
  const training = around.reduce((inner, wrap) => wrap(inner, seed), evaluation);
  return { training, evaluation, heldOut };
}

/** The annotator with its name on whatever it throws; an abort passes as it is. */
export function namedFailures(inner: Annotator): Annotator {
  return {
    name: inner.name,
    async annotate(pairs, options) {
      try {
        return await inner.annotate(pairs, options);
      } catch (error) {
        if (options?.signal?.aborted) throw error;
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(
          `Cannot annotate: annotator ${inner.name} failed (${why}), expected ${pairs.length} verdicts`,
          { cause: error },
        );
      }
    },
  };
}
