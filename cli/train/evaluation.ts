// How good a policy is: win rates of its answers against fixed reference texts by the annotator that trains it
// and by one that does not, or how it ranks held-out pairs; its distance from the SFT model, and whether the text is
// still text.
import type { Device } from "../../backend/mod.ts";
import {
  type Adapter,
  type Annotator,
  askAnnotator,
  type Completion,
  completionLogps,
  generate,
  mean,
  type Outcome,
  pearson,
  type Verdict,
  type WinRate,
  winRate,
} from "../../core/mod.ts";
import { completionText, promptIds, promptText } from "../../scheduler/mod.ts";
import { distinctShare, meanQuality, type TextQuality } from "../../stories/text_quality.ts";
import type { Annotators } from "../judge/annotators.ts";
import { requireVerdicts } from "../judge/failures.ts";
import { ANSWER_KEY, type AnswerOptions } from "./references.ts";

/** What an evaluation needs. */
export interface EvaluateOptions extends AnswerOptions {
  /** The policy's adapter; absent for the policy that the run starts from, which is `adapter`. */
  readonly policy?: Adapter;
  /** One text a prompt, which the answers are compared with. */
  readonly references: readonly string[];
  /** Who compares. */
  readonly annotators: Pick<Annotators, "evaluation" | "heldOut">;
  /** Which answers of held-out pairs the policy has raised: the measure where nobody compares. */
  readonly rank?: (policy: Adapter | undefined, signal?: AbortSignal) => Promise<Outcome[]>;
  /** Words that are spelt right; absent where no list of them fits the task. */
  readonly known?: ReadonlySet<string>;
}

/** Numbers of a policy, plain data. */
export interface Evaluation {
  /** Answer against reference text, by the training annotator; or how often a held-out pair is ranked as it is. */
  readonly winRate: WinRate;
  /** Whether `winRate` is the ranking of held-out pairs. */
  readonly isRanked?: true;
  /** Answer against reference text by the held-out judge, where there is one. */
  readonly heldOut?: WinRate;
  /** Mean over answers of Σ log π − log π_sft, nats a sequence. */
  readonly kl: number;
  /** Pearson correlation of both judges' score differences; null where it is undefined. */
  readonly judgeCorrelation: number | null;
  /** Means over the answers; misspelling where there is a word list. */
  readonly text: Omit<TextQuality, "misspelt"> & Partial<TextQuality> & {
    /** Share of all answers' three-word sequences that are different. */
    readonly distinct3: number;
  };
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
export interface Evaluated {
  /** The numbers. */
  readonly numbers: Evaluation;
  /** One answer a prompt, in order. */
  readonly answers: readonly string[];
}

/**
 * Evaluates a policy. The random key is fixed, so that the same policy gets the same numbers in every run.
 *
 * @throws {NoVerdict} If an annotator has none.
 */
export async function evaluate(device: Device, options: EvaluateOptions): Promise<Evaluated> {
  const { model, tokenizer, prompts, policy, adapter: start, references, known, signal } = options;
  const ids = prompts.map((prompt) => promptIds(tokenizer, prompt));
  const adapter = policy ?? start;
  const completions = await generate(device, model, ids, { ...options, adapter, key: ANSWER_KEY });
  const answers = completions.map((completion) => completionText(tokenizer, completion));
  const pairs = prompts.map((prompt, i) => ({
    prompt: promptText(prompt),
    a: answers[i],
    b: references[i],
  }));
  const { evaluation, heldOut } = options.annotators;
  const ask = async (annotator: Annotator | undefined) =>
    annotator && await askAnnotator(annotator, pairs, { signal });
  const rule = await ask(evaluation);
  const judge = await ask(heldOut);
  for (const verdicts of [rule, judge]) requireVerdicts("evaluate the policy", verdicts ?? []);
  const outcomes = rule?.map(({ outcome }) => outcome) ?? await options.rank!(policy, signal);
  return {
    numbers: {
      winRate: winRate(outcomes),
      ...(rule ? {} : { isRanked: true }),
      ...(judge ? { heldOut: winRate(judge.map(({ outcome }) => outcome)) } : {}),
      kl: await klToStart(device, options, ids, completions),
      judgeCorrelation: rule && judge ? correlation(rule, judge) : null,
      text: qualityOf(answers, known),
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

const letters = (outcomes: readonly Outcome[]): string =>
  outcomes.map((outcome) => outcome[0]).join("");

/** Mean over completions of Σ log π − log π_start, nats a sequence: their KL where they were sampled at temperature 1. */
async function klToStart(
  device: Device,
  { model, policy, adapter }: Pick<EvaluateOptions, "model" | "policy" | "adapter">,
  ids: readonly (readonly number[])[],
  completions: readonly Completion[],
): Promise<number> {
  if (policy === undefined) return 0;
  const { sums } = await completionLogps(
    device,
    model,
    completions.map((c, i) => ({ ids: [...ids[i], ...c.ids], promptLength: ids[i].length })),
    { adapter },
  );
  return mean(completions.map(({ logps }, i) => logps.reduce((sum, l) => sum + l, 0) - sums[i]));
}

/** What `temperatureOneKl` needs. */
export type KlOptions = Pick<
  EvaluateOptions,
  "model" | "tokenizer" | "prompts" | "maxNew" | "policy" | "adapter" | "signal"
>;

/** KL of the policy to the one that the run starts from, nats a sequence: of samples at temperature 1, uncut. */
export async function temperatureOneKl(device: Device, options: KlOptions): Promise<number> {
  const { model, tokenizer, prompts, policy, adapter, maxNew, signal } = options;
  const ids = prompts.map((prompt) => promptIds(tokenizer, prompt));
  const completions = await generate(device, model, ids, {
    ...{ temperature: 1, maxNew, signal, adapter: policy ?? adapter, key: ANSWER_KEY },
  });
  return await klToStart(device, options, ids, completions);
}

/** Without a word list nothing is called misspelt, and no figure says so. */
function qualityOf(
  answers: readonly string[],
  known: ReadonlySet<string> | undefined,
): Evaluation["text"] {
  const distinct3 = distinctShare(answers, 3);
  if (known !== undefined) return { ...meanQuality(answers, known), distinct3 };
  const { repetition, words } = meanQuality(answers, new Set());
  return { repetition, words, distinct3 };
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

/** The numbers as a row of `metrics.jsonl`. */
export function evaluationRow(evaluation: Evaluation): Record<string, number | null> {
  const { winRate: w, heldOut: h, text } = evaluation;
  const rate = evaluation.isRanked ? "eval_rewards/accuracies" : "eval_win_rate";
  return {
    [rate]: w.value,
    [`${rate}_low`]: w.low,
    [`${rate}_high`]: w.high,
    ...(h && {
      eval_held_out_win_rate: h.value,
      eval_held_out_win_rate_low: h.low,
      eval_held_out_win_rate_high: h.high,
    }),
    eval_prompts: w.n,
    eval_ties: w.ties,
    eval_failed: w.failed,
    eval_kl: evaluation.kl,
    eval_judge_correlation: evaluation.judgeCorrelation,
    eval_repetition: text.repetition,
    ...(text.misspelt === undefined ? {} : { eval_misspelt: text.misspelt }),
    eval_distinct_3: text.distinct3,
    eval_words: text.words,
    eval_contain_eos_token: evaluation.stopped,
  };
}
