// `--annotator`: a rule by name or from a user's file, or a judge, with combinators around it. Who did not train the run judges it
// besides, where there is somebody.
import { type Annotator, ruleAnnotator, withNoise, withOrderSwap } from "../../core/mod.ts";
import { scoreVerdict } from "../../core/annotator/score.ts";
import { loadJudge } from "../../stories/judge.ts";
import { loadKindRule } from "../../stories/rule.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import { didYouMean } from "../../core/base/nearest.ts";
import { type HttpJudgeSettings, JUDGE, judgeAddress, openHttpJudge } from "./http.ts";
import { advised, type OpenRule, openRule, type RuleFileOptions } from "./rule_file.ts";

/** Who says what in a run. */
export interface Annotators {
  /** Labels the pairs that are trained on. */
  readonly training: Annotator;
  /** The same without noise: the win rate is its. Absent where the dataset's own preferences are the measure. */
  readonly evaluation?: Annotator;
  /** Never trains: the held-out win rate is its. Absent where there is nobody. */
  readonly heldOut?: Annotator;
}

/** The same with what they hold: the thread of a rule's file. Disposing it ends that. */
export interface OpenAnnotators extends Annotators, Disposable {}

/** The annotators of the embedded task: each of its two rules is held out from the other. */
export type StoriesAnnotators = Required<Annotators>;

const SOURCES = ["stories", "stories-judge"] as const;
const COMBINATORS = ["swap", "noise:P"] as const;
const RULE = "rule:";
const KINDS = [...SOURCES, `${RULE}FILE.ts`, `${JUDGE}URL#MODEL`];

/** Says that nobody annotates: the dataset's preferences are trained on. */
export const NO_ANNOTATOR = "none";

interface Plan {
  /** A name, `rule:` and a file, or `judge:` and an address. */
  readonly source: string;
  /** Whether each pair is shown in both orders. */
  readonly isTwice: boolean;
  readonly around: readonly ((inner: Annotator, seed: number) => Annotator)[];
}

/**
 * Checks the text of `--annotator` and nothing else: no file is read.
 *
 * @throws {UsageError} If a part of it is unknown or noise is not in [0, 1].
 */
export function planAnnotator(text: string): Plan {
  const [source, ...rest] = text.split(",").map((part) => part.trim());
  const known = SOURCES.some((name) => name === source) || text === NO_ANNOTATOR ||
    source.startsWith(JUDGE) || (source.startsWith(RULE) && source.length > RULE.length);
  if (!known) {
    const hint = source === "judge"
      ? " The judge of the stories is stories-judge"
      : didYouMean(source, KINDS);
    throw new UsageError({
      verb: "train",
      found: `--annotator is ${quote(source)}`,
      expected: `${KINDS.slice(0, -1).join(", ")} or ${KINDS.at(-1)}, then ` +
        `${COMBINATORS.join(" or ")} after commas.${hint}`,
    });
  }
  if (source.startsWith(JUDGE)) {
    judgeAddress(source.slice(JUDGE.length));
    if (rest.includes("swap")) {
      throw new UsageError({
        ...{ verb: "train", found: "--annotator is a judge and has swap" },
        expected: "the judge alone: it is asked in both orders anyway",
      });
    }
  }
  const isTwice = source.startsWith(JUDGE) || rest.includes("swap");
  return { source, isTwice, around: rest.map(planCombinator) };
}

function planCombinator(part: string): (inner: Annotator, seed: number) => Annotator {
  const [name, value, ...more] = part.split(":");
  if (name === "swap" && value === undefined) return (inner) => withOrderSwap(inner);
  if (name !== "noise" || more.length > 0) {
    throw new UsageError({
      verb: "train",
      found: `--annotator has ${quote(part)}`,
      expected: `${COMBINATORS.join(" or ")}.${didYouMean(name, COMBINATORS)}`,
    });
  }
  const p = value?.trim() ? Number(value) : NaN;
  if (!(p >= 0 && p <= 1)) {
    throw new UsageError({
      verb: "train",
      found: `--annotator has ${quote(part)}`,
      expected: "noise:P with P from 0 to 1, such as noise:0.1",
    });
  }
  return (inner, seed) => withNoise(inner, p, { seed });
}

/**
 * The annotators of the embedded task.
 *
 * @param text `--annotator`: "stories" or "stories-judge", then combinators after commas.
 * @param seed Of the noise.
 * @throws {UsageError} As `planAnnotator`.
 */
export async function buildAnnotators(text: string, seed: number): Promise<StoriesAnnotators> {
  const { source, around } = planAnnotator(text);
  const stories = ruleAnnotator("stories", await loadKindRule());
  const judge = ruleAnnotator("stories-judge", await loadJudge());
  const [evaluation, heldOut] = source === "stories" ? [stories, judge] : [judge, stories];
  return { training: wrapped(evaluation, around, seed, text), evaluation, heldOut };
}

/**
 * The annotators of any run: those of the embedded task, a rule in a user's file, a judge behind an endpoint, or nobody.
 *
 * @param text `--annotator`.
 * @param seed Of the noise.
 * @param rule With what rights and how long a rule's file runs, and what ends its loading; how a judge is asked.
 * @throws {UsageError} As `planAnnotator`, or if the file cannot be used.
 */
export async function openAnnotators(
  text: string,
  seed: number,
  rule: RuleFileOptions & HttpJudgeSettings = {},
): Promise<OpenAnnotators> {
  const { source, around } = planAnnotator(text);
  const held = { [Symbol.dispose]: () => {} };
  if (source === NO_ANNOTATOR) return { ...NOBODY, ...held };
  const alone = (evaluation: Annotator, open: Disposable): OpenAnnotators => ({
    training: wrapped(evaluation, around, seed, text),
    evaluation,
    [Symbol.dispose]: () => open[Symbol.dispose](),
  });
  if (source.startsWith(JUDGE)) {
    const judge = await openHttpJudge(source.slice(JUDGE.length), rule);
    return alone(judge.annotator, judge);
  }
  if (!source.startsWith(RULE)) return { ...await buildAnnotators(text, seed), ...held };
  const open = await openRule(source.slice(RULE.length), rule);
  return alone(fileAnnotator(source, open), open);
}

/** A rule in its thread as an annotator: one message for all pairs of a call. */
function fileAnnotator(name: string, rule: OpenRule): Annotator {
  return {
    name,
    async annotate(pairs, { signal } = {}) {
      const scores = await rule.score(pairs.map(({ prompt, a, b }) => [prompt, a, b]), signal);
      return scores.map((pair) => {
        const { reason, ...verdict } = scoreVerdict(name, pair);
        return reason === undefined ? verdict : { ...verdict, reason: advised(reason) };
      });
    },
  };
}

/** Of a run that asks nobody: it learns a dataset's own preferences, or is counted only. */
export const NOBODY: Annotators = {
  training: {
    name: NO_ANNOTATOR,
    annotate: () =>
      Promise.reject(
        new Error("Cannot annotate: nobody is named, expected the dataset's own pairs"),
      ),
  },
};

/** Its name says what is around it: who reads the pairs later must know of the noise. */
function wrapped(
  inner: Annotator,
  around: Plan["around"],
  seed: number,
  text: string,
): Annotator {
  const whole = around.reduce((wrappedSoFar, wrap) => wrap(wrappedSoFar, seed), inner);
  return { ...whole, name: text };
}

/** Whether each pair is shown in both orders. */
export function asksBothOrders(text: string): boolean {
  return planAnnotator(text).isTwice;
}

/** The file of a `rule:` annotator; undefined for the others. */
export function ruleFileOf(text: string): string | undefined {
  const { source } = planAnnotator(text);
  return source.startsWith(RULE) ? source.slice(RULE.length) : undefined;
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
