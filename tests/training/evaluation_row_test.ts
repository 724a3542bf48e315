import { assertEquals } from "@std/assert";
import { type Outcome, winRate } from "../../core/mod.ts";
import { type Evaluation, evaluationRow } from "../../training/mod.ts";

const rate = (...outcomes: Outcome[]) => winRate(outcomes);

Deno.test("evaluationRow() has the numbers in their order, texts in snake case before the last", () => {
  const judged: Evaluation = {
    winRate: rate("a", "tie", "failed"),
    heldOut: rate("b"),
    ...{ kl: 3, judgeCorrelation: null, stopped: 0.5, tokens: 9 },
    text: { repetition: 0.25, distinct3: 1, meanWords: 7 },
    outcomes: { winRate: "atf", heldOut: "b" },
  };
  const { winRate: w, heldOut: h } = judged;
  assertEquals(Object.entries(evaluationRow(judged)), [
    ["eval_win_rate", 0.75],
    ["eval_win_rate_low", w.low],
    ["eval_win_rate_high", w.high],
    ["eval_held_out_win_rate", 0],
    ["eval_held_out_win_rate_low", h!.low],
    ["eval_held_out_win_rate_high", h!.high],
    ["eval_prompts", 2],
    ["eval_ties", 1],
    ["eval_failed", 1],
    ["eval_kl", 3],
    ["eval_judge_correlation", null],
    ["eval_repetition", 0.25],
    ["eval_distinct_3", 1],
    ["eval_mean_words", 7],
    ["eval_contain_eos_token", 0.5],
  ]);
  const { heldOut: _none, ...ranked } = judged;
  const row = evaluationRow({ ...ranked, isRanked: true });
  assertEquals(row["eval_rewards/accuracies"], 0.75);
  assertEquals(Object.keys(row).filter((name) => name.includes("win_rate")), []);
});
