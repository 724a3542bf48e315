// How good a policy is: win rates of its answers against another policy's or fixed texts by the annotator that trains it
// and by one that does not, or how it ranks held-out pairs; its distance from where it started, and numbers of its texts.
import type { Device } from "../backend/mod.ts";
import {
  type Adapter,
  type Annotator,
  askAnnotator,
  completionLogps,
  mean,
  type Outcome,
  pearson,
  requireVerdicts,
  sequenceOf,
  type Verdict,
  type WinRate,
  winRate,
} from "../core/mod.ts";
import { promptText } from "../scheduler/prompts.ts";
import { type AnswerOptions, answerPrompts, type PolicyAnswers, REFERENCE_KEY } from "./answers.ts";
import { total } from "./sources/score_pairs.ts";
import { measureTexts, type TextMetric } from "./text_metric.ts";

/** A policy and where it started. */
export interface PolicyOptions extends Omit<AnswerOptions, "adapter" | "key"> {
  /** The policy's adapter; absent for the policy that it started as. */
  readonly policy?: Adapter;
  /** Adapter of the policy that it started as; absent for the bare model. */
  readonly start?: Adapter;
}

/** What an evaluation needs. */
export interface EvaluateOptions extends PolicyOptions {
  /** What the answers are compared with: a text a prompt, or the policy that writes them; default the start. */
  readonly against?: readonly string[] | { readonly adapter?: Adapter };
  /** Who compares. */
  readonly annotator?: Annotator;
  /** Who compares as well, and is not trained by. */
  readonly heldOut?: Annotator;
  /** Which answers of held-out pairs the policy has raised (`pairRanker`): the measure where nobody compares. */
  readonly rank?: (policy: Adapter | undefined, signal?: AbortSignal) => Promise<Outcome[]>;
  /** What is measured of the answers as texts; default nothing. */
  readonly texts?: readonly TextMetric[];
}

/** Numbers of a policy, plain data. */
export interface Evaluation {
  /** Answer against the other side's, by the annotator; or how often a held-out pair is ranked as it is. */
  readonly winRate: WinRate;
  /** Whether `winRate` is the ranking of held-out pairs. */
  readonly isRanked?: true;
  /** Answer against the other side's by the held-out judge, where there is one. */
  readonly heldOut?: WinRate;
  /** Mean over answers of Σ log π − log π_start, nats a sequence. */
  readonly kl: number;
  /** Pearson correlation of both judges' score differences; null where it is undefined. */
  readonly judgeCorrelation: number | null;
  /** Of the answers, by the name of the metric. */
  readonly text: Readonly<Record<string, number>>;
  /** The verdicts, a letter a prompt in order: a, b, t(ie) or f(ailed). */
  readonly outcomes: {
    /** Of `winRate`. */
    readonly winRate: string;
    /** Of `heldOut`. */
    readonly heldOut?: string;
  };
  /** Share of answers that ended by themselves. */
  readonly stopped: number;
  /** Tokens that were generated. */
  readonly tokens: number;
}

/** The numbers and the answers that they are of. */
export interface EvaluatedPolicy {
  /** The numbers. */
  readonly numbers: Evaluation;
  /** One answer a prompt, in order. */
  readonly answers: readonly string[];
}

/**
 * Evaluates a policy. The random keys are fixed, so that the same policy gets the same numbers in every run.
 *
 * @example An adapter that has learnt nothing against the model that it is on
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { adapterLayout, linearLayers, ruleAnnotator, tinyModel } from "@leash/bpo/core";
 * import { evaluate } from "@leash/bpo/training";
 * import { assert, assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const tokenizer = {
 *   ...{ vocabSize: 16, bosId: 1, eosId: 2, padId: 0 },
 *   encode: (text: string) => Array.from(text, (c) => 3 + c.charCodeAt(0) % 13),
 *   decode: (ids: ArrayLike<number>) => Array.from(ids, (id) => String.fromCharCode(97 + id)).join(""),
 * };
 * const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 4 });
 * using arena = new Arena(device, "example");
 * const policy = { layout, params: arena.zeros([1, layout.size], "policy") };
 * arena.commit();
 * const { numbers } = await evaluate(device, {
 *   ...{ model, tokenizer, prompts: ["ab", "c", "d"], maxNew: 8, policy },
 *   annotator: ruleAnnotator("long", (_, text) => text.length),
 * });
 * const { value, low, high, n } = numbers.winRate;
 * assert(low <= value && value <= high && n === 3);
 * assertEquals(Math.round(1e4 * numbers.kl), 0);
 * ```
 *
 * @throws {TypeError} If neither an annotator nor a ranking is given, or the texts are not as many as the prompts.
 * @throws {NoVerdict} If an annotator has none.
 */
export async function evaluate(
  device: Device,
  options: EvaluateOptions,
): Promise<EvaluatedPolicy> {
  const { policy, start, annotator, heldOut, rank, texts = [], signal } = options;
  if (annotator === undefined && rank === undefined) {
    throw new TypeError(
      "Cannot evaluate the policy: annotator and rank are missing, expected one of them",
    );
  }
  const own = await answerPrompts(device, { ...options, adapter: policy ?? start });
  const { completions, texts: answers } = own;
  const pairs = annotator || heldOut ? await pairsOf(device, options, answers) : [];
  const ask = async (annotator: Annotator | undefined) =>
    annotator && await askAnnotator(annotator, pairs, { signal });
  const rule = await ask(annotator);
  const judge = await ask(heldOut);
  for (const verdicts of [rule, judge]) requireVerdicts("evaluate the policy", verdicts ?? []);
  const outcomes = rule?.map(({ outcome }) => outcome) ?? await rank!(policy, signal);
  return {
    numbers: {
      winRate: winRate(outcomes),
      ...(rule ? {} : { isRanked: true }),
      ...(judge ? { heldOut: winRate(judge.map(({ outcome }) => outcome)) } : {}),
      kl: await klToStart(device, options, own),
      judgeCorrelation: rule && judge ? correlation(rule, judge) : null,
      text: measureTexts(answers, texts),
      stopped: mean(completions.map(({ finish }) => finish === "stop" ? 1 : 0)),
      tokens: completions.reduce((sum, { ids }) => sum + ids.length, 0),
      outcomes: {
        winRate: letters(outcomes),
        ...(judge ? { heldOut: letters(judge.map(({ outcome }) => outcome)) } : {}),
      },
    },
    answers,
  };
}

/** Each answer beside the other side's. */
async function pairsOf(
  device: Device,
  options: EvaluateOptions,
  answers: readonly string[],
): Promise<{ prompt: string; a: string; b: string }[]> {
  const { prompts, against = { adapter: options.start } } = options;
  const others = "length" in against
    ? against
    : (await answerPrompts(device, { ...options, adapter: against.adapter, key: REFERENCE_KEY }))
      .texts;
  if (others.length !== prompts.length) {
    throw new TypeError(
      `Cannot evaluate the policy: against has ${others.length} texts, expected ${prompts.length}, one a prompt`,
    );
  }
  return prompts.map((prompt, i) => ({ prompt: promptText(prompt), a: answers[i], b: others[i] }));
}

const letters = (outcomes: readonly Outcome[]): string =>
  outcomes.map((outcome) => outcome[0]).join("");

/** Mean over completions of Σ log π − log π_start, nats a sequence: their KL where they were sampled at temperature 1. */
async function klToStart(
  device: Device,
  { model, policy, start }: Pick<PolicyOptions, "model" | "policy" | "start">,
  { ids, completions }: PolicyAnswers,
): Promise<number> {
  if (policy === undefined) return 0;
  const { sums } = await completionLogps(
    device,
    model,
    completions.map((c, i) => sequenceOf(ids[i], c.ids)),
    { adapter: start },
  );
  return mean(completions.map(({ logps }, i) => total(logps) - sums[i]));
}

/** KL of the policy to the one that it started as, nats a sequence: of samples at temperature 1, uncut. */
export async function temperatureOneKl(
  device: Device,
  { model, tokenizer, prompts, policy, start, maxNew, signal }: PolicyOptions,
): Promise<number> {
  const uncut = { model, tokenizer, prompts, maxNew, signal, temperature: 1 };
  const own = await answerPrompts(device, { ...uncut, adapter: policy ?? start });
  return await klToStart(device, { model, policy, start }, own);
}

/** How well the score differences of two judges agree over the pairs that both scored. */
export function correlation(a: readonly Verdict[], b: readonly Verdict[]): number | null {
  const both = a.flatMap(({ scores: s }, i) => {
    const t = b[i].scores;
    return s && t ? [[s[0] - s[1], t[0] - t[1]]] : [];
  });
  if (both.length < 2) return null;
  const value = pearson(both.map(([x]) => x), both.map(([, y]) => y));
  return Number.isFinite(value) ? value : null;
}
