import { assertEquals } from "@std/assert";
import type { Verdict } from "../../../core/mod.ts";
import type { PairRecord } from "../../../scheduler/mod.ts";
import { scoreMetrics } from "../../../training/pairs/score_metrics.ts";

const record = (verdict: Verdict) => ({ verdict }) as PairRecord;

Deno.test("scoreMetrics() are the mean score of both answers, the winner's margin and the reward that is left", () => {
  const records = [
    record({ outcome: "a", scores: [3, 1] }),
    record({ outcome: "b", scores: [0, 4] }),
    record({ outcome: "tie", scores: [2, 2] }),
    record({ outcome: "a" }), // a judge without scores
    record({ outcome: "failed", scores: [9, 9] }),
    record({ outcome: "b", scores: [NaN, 1] }),
  ];
  assertEquals(scoreMetrics(records, { "objective/non_score_reward": -0.5 }), {
    "objective/scores": 2,
    "objective/scores_margin": 2,
    "objective/rlhf_reward": 1.5,
  });
  const untrained = scoreMetrics(records.slice(2, 3), {});
  assertEquals(untrained, { "objective/scores": 2, "objective/scores_margin": 0 });
});

Deno.test("scoreMetrics() are none where no annotator gave scores", () => {
  assertEquals(scoreMetrics([record({ outcome: "a" })], { "objective/non_score_reward": 1 }), {});
});
