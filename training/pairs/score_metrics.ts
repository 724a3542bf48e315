// What the annotator's scores say of a step's pairs, under the names of TRL's OnlineDPO trainer.
import type { MetricRow } from "../../core/mod.ts";
import type { PairRecord } from "../../scheduler/mod.ts";

/**
 * objective/scores: mean score of both answers; objective/scores_margin: of the better over the other;
 * objective/rlhf_reward: the score less what the reference charges for it. Ties count; pairs without scores do not, and
 * where there are only such there are no metrics.
 *
 * @param records Pairs of one step.
 * @param metrics Of the step, for objective/non_score_reward.
 */
export function scoreMetrics(records: readonly PairRecord[], metrics: MetricRow): MetricRow {
  const scored = records.flatMap(({ verdict: { outcome, scores } }) => {
    if (outcome === "failed" || scores === undefined || !scores.every(Number.isFinite)) return [];
    const [a, b] = scores;
    const margin = outcome === "tie" ? Math.abs(a - b) : outcome === "a" ? a - b : b - a;
    return [{ mean: (a + b) / 2, margin }];
  });
  if (scored.length === 0) return {};
  const meanOf = (values: number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const scores = meanOf(scored.map(({ mean }) => mean));
  const charge = metrics["objective/non_score_reward"];
  return {
    "objective/scores": scores,
    "objective/scores_margin": meanOf(scored.map(({ margin }) => margin)),
    ...(charge === undefined ? {} : { "objective/rlhf_reward": scores + charge }),
  };
}
