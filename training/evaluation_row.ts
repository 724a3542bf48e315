// An evaluation as a row of metrics, under names like those of TRL's trainers.
import type { Evaluation } from "./evaluate.ts";

/**
 * The numbers of an evaluation as a row of `metrics`.
 *
 * @example
 * ```ts
 * import { evaluationRow } from "@leash/bpo/training";
 * import { winRate } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const row = evaluationRow({
 *   ...{ winRate: winRate(["a", "tie"]), outcomes: { winRate: "at" }, kl: 1, judgeCorrelation: null },
 *   ...{ text: { distinct3: 1 }, stopped: 0, tokens: 9 },
 * });
 * assertEquals([row.eval_win_rate, row.eval_distinct_3], [0.75, 1]);
 * ```
 */
export function evaluationRow(evaluation: Evaluation): Record<string, number | null> {
  const { winRate: w, heldOut: h, text } = evaluation;
  const rate = evaluation.isRanked ? "eval_rewards/accuracies" : "eval_win_rate";
  const texts = Object.entries(text).map(([name, value]) => [`eval_${snakeCase(name)}`, value]);
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
    ...Object.fromEntries(texts),
    eval_contain_eos_token: evaluation.stopped,
  };
}

const snakeCase = (name: string) => name.replace(/(?<=[a-z])(?=[A-Z\d])/g, "_").toLowerCase();
