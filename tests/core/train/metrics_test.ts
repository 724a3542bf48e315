import { assertAlmostEquals, assertEquals } from "@std/assert";
import { preferenceBatch, summarisePairs } from "../../../core/mod.ts";
import { dpo, slicHf } from "../../../losses/mod.ts";

const batch = preferenceBatch([
  { prompt: [1], chosen: [2], rejected: [3], referenceChosen: -10, referenceRejected: -20 },
  { prompt: [1], chosen: [4, 5], rejected: [6], referenceChosen: -30, referenceRejected: -40 },
], { snapshotId: "s", referenceId: "s", requireSame: true });
// Two members, two pairs, five completion tokens each. Log-ratios of member 0: +1, −1 | 0, −2; of member 1: all 0.
const metrics = {
  losses: [1, 3, 5, 7],
  logps: [-9, -31, -20, -42, -10, -30, -20, -40],
  entropy: [1, 1, 1, 1, 1, 2, 2, 2, 2, 2],
  // chosen answers have 1 and 2 tokens, rejected ones 1 each
  meanLogits: [1, 2, 6, -1, -3, 0, 0, 0, 5, 5],
  isTop: [1, 0, 0, 1, 1, 1, 1, 0, 0, 0],
  normSquares: [9, 25],
};

function assertRow(row: Record<string, number>, expected: Record<string, number>) {
  for (const [name, value] of Object.entries(expected)) assertAlmostEquals(row[name], value, 1e-12);
}

Deno.test("summarisePairs() averages pairs, then members, with the spread over members", () => {
  const row = summarisePairs(metrics, batch, dpo({ beta: 0.5 }));
  assertRow(row, {
    loss: 4, // 2 and 6
    "loss/std": 2,
    "logps/chosen": -20,
    "logps/chosen/std": 0,
    "logps/rejected": -30.5, // −31 and −30
    "logps/rejected/std": 0.5,
    "rewards/chosen": 0, // 0.5·(1 − 1)/2
    "rewards/rejected": -0.25, // 0.5·(0 − 2)/2 = −0.5, and 0
    "rewards/margins": 0.25,
    "rewards/margins/std": 0.25,
    "rewards/accuracies": 0.5, // member 0 wins both; member 1 has two draws, which TRL counts for nothing
    "rewards/accuracies/std": 0.5,
    "logits/chosen": 1.5, // a mean of three tokens: 3 and 0
    "logits/rejected": 1.5, // −2 and 5
    "logits/rejected/std": 3.5,
    mean_token_accuracy: 0.5, // of chosen answers: 1/3 and 2/3
    "objective/kl": -0.25, // a sequence: (1 − 1 + 0 − 2)/4 and 0
    "objective/non_score_reward": 0.125,
    "objective/entropy": 25.25, // −Σ log-probs of a sequence: 102/4 and 100/4
    entropy: 1.5,
    "entropy/std": 0.5,
    grad_norm: 4,
    "grad_norm/std": 1,
  });
  assertEquals([row.step_tokens, row.beta], [9, 0.5]);
  assertEquals(Object.keys(row).length, 32);
  const { meanLogits: _, isTop: __, ...fewer } = metrics;
  assertEquals(Object.keys(summarisePairs(fewer, batch, dpo({ beta: 0.5 }))).length, 26);
});

Deno.test("summarisePairs() counts the members that were not updated, where there are any", () => {
  const skipped = (nonFinite?: number[]) =>
    summarisePairs({ ...metrics, nonFinite }, batch, dpo({ beta: 0.5 })).skipped_members;
  assertEquals([skipped(), skipped([0, 0]), skipped([0, 3]), skipped([1, 1])], [
    undefined,
    undefined,
    1,
    2,
  ]);
});

Deno.test("summarisePairs() has no reference in the rewards of a loss without one", () => {
  const row = summarisePairs(metrics, batch, slicHf({ delta: 1, lambda: 0.1 }));
  assertAlmostEquals(row["rewards/margins"], slicHf({ delta: 1, lambda: 0.1 }).rewardScale * 10.5);
});

Deno.test("summarisePairs() negates margins where chosen and rejected are exchanged", () => {
  const loss = dpo({ beta: 0.5 });
  const swap = (x: ArrayLike<number>) =>
    Array.from(x, (_, i) => x[Math.floor(i / 4) * 4 + (i + 2) % 4]);
  const { reference } = batch;
  const swapped = {
    ...batch,
    reference: new Float32Array([reference[2], reference[3], reference[0], reference[1]]),
  };
  const there = summarisePairs(metrics, batch, loss);
  const back = summarisePairs({ ...metrics, logps: swap(metrics.logps) }, swapped, loss);
  assertAlmostEquals(back["rewards/margins"], -there["rewards/margins"], 1e-12);
  assertAlmostEquals(back["rewards/accuracies"], 0, 1e-12); // member 0 loses both, ties are no hits
});
