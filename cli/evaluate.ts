// How good a policy is: its answers to the fixed prompts against the reference texts, by the annotator that trains it
// and by one that does not, its distance from the SFT model, and whether the text is still text.
import type { Device } from "../backend/mod.ts";
import {
  type Adapter,
  askAnnotator,
  completionLogps,
  generate,
  mean,
  pearson,
  type Verdict,
  type WinRate,
  winRate,
} from "../core/mod.ts";
import { completionText, promptIds } from "../scheduler/mod.ts";
import { meanQuality, type TextQuality } from "../stories/text_quality.ts";
import type { Annotators } from "./annotators.ts";
import { ANSWER_KEY, type AnswerOptions } from "./references.ts";

/** What an evaluation needs. */
export interface EvaluateOptions extends AnswerOptions {
  /** The policy's adapter; absent for the SFT model itself. */
  readonly adapter?: Adapter;
  /** One text a prompt, which the answers are compared with. */
  readonly references: readonly string[];
  /** Who compares. */
  readonly annotators: Pick<Annotators, "evaluation" | "heldOut">;
  /** Words that are spelt right. */
  readonly known: ReadonlySet<string>;
}

/** Numbers of a policy, plain data. */
export interface Evaluation {
  /** Answer against reference text, by the training annotator. */
  readonly winRate: WinRate;
  /** The same by the held-out judge. */
  readonly heldOut: WinRate;
  /** Mean over answers of Σ log π − log π_sft, nats a sequence. */
  readonly kl: number;
  /** Pearson correlation of both judges' score differences; null where it is undefined. */
  readonly judgeCorrelation: number | null;
  /** Means over the answers. */
  readonly text: TextQuality;
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
 * @throws {RangeError} If no verdict counts.
 */
export async function evaluate(device: Device, options: EvaluateOptions): Promise<Evaluated> {
  const { model, tokenizer, prompts, adapter, references, annotators, signal } = options;
  const ids = prompts.map((prompt) => promptIds(tokenizer, prompt));
  const completions = await generate(device, model, ids, { ...options, key: ANSWER_KEY });
  const answers = completions.map((completion) => completionText(tokenizer, completion));
  const pairs = prompts.map((prompt, i) => ({ prompt, a: answers[i], b: references[i] }));
  const rule = await askAnnotator(annotators.evaluation, pairs, { signal });
  const judge = await askAnnotator(annotators.heldOut, pairs, { signal });
  const own = completions.map(({ logps }) => logps.reduce((sum, logp) => sum + logp, 0));
  const base = adapter === undefined ? own : (await completionLogps(
    device,
    model,
    completions.map((c, i) => ({ ids: [...ids[i], ...c.ids], promptLength: ids[i].length })),
  )).sums;
  return {
    numbers: {
      winRate: winRate(rule.map(({ outcome }) => outcome)),
      heldOut: winRate(judge.map(({ outcome }) => outcome)),
      kl: mean(own.map((logp, i) => logp - base[i])),
      judgeCorrelation: correlation(rule, judge),
      text: meanQuality(answers, options.known),
      stopped: mean(completions.map(({ finish }) => finish === "stop" ? 1 : 0)),
      tokens: completions.reduce((sum, { ids }) => sum + ids.length, 0),
    },
    answers,
  };
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
  return {
    eval_win_rate: w.value,
    eval_win_rate_low: w.low,
    eval_win_rate_high: w.high,
    eval_held_out_win_rate: h.value,
    eval_held_out_win_rate_low: h.low,
    eval_held_out_win_rate_high: h.high,
    eval_prompts: w.n,
    eval_ties: w.ties,
    eval_failed: w.failed,
    eval_kl: evaluation.kl,
    eval_judge_correlation: evaluation.judgeCorrelation,
    eval_repetition: text.repetition,
    eval_misspelt: text.misspelt,
    eval_words: text.words,
    eval_contain_eos_token: evaluation.stopped,
  };
}
