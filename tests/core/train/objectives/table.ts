// One row an objective: a new one gets every test of sequence_slopes_test.ts by adding its row.
import type { Tensor, TokenLogps } from "../../../../backend/mod.ts";
import {
  aot,
  aotUnpaired,
  bradleyTerry,
  kto,
  ktoBatch,
  mismatched,
  type Objective,
  pairwise,
  preferenceBatch,
  rewardBatch,
  type RewardMetric,
  type SequenceMetric,
} from "../../../../core/mod.ts";
import { aotLosses } from "../../../../core/train/objectives/aot.ts";
import { ktoKl, ktoLosses } from "../../../../core/train/objectives/kto.ts";
import { rewardLoss } from "../../../../core/train/objectives/reward.ts";
import type { HostLosses } from "../../../../core/train/sequence_slopes.ts";
import { dpo } from "../../../../losses/mod.ts";

/** An objective, a batch for it, and what is true of one member's log-probs, or rewards. */
export interface ObjectiveRow<Batch, Metric extends string, Out = TokenLogps> {
  readonly title: string;
  readonly objective: Objective<Batch, Metric, Out>;
  readonly batch: Batch;
  /** What it has one number of a sequence of; default log-probs. Rewards are read by a head in the layout. */
  readonly reads?: "rewards";
  /** f64; `surveyed` are the log-probs of what `survey` names for one part, if it does. */
  truth(logps: readonly number[], surveyed?: readonly number[]): HostLosses;
}

const ids = (n: number, from: number) => Array.from({ length: n }, (_, i) => 3 + (from + i) % 90);
/** What a model that knows nothing gives n tokens of 97, and `off` more. */
const about = (n: number, off: number) => -Math.log(97) * n + off;
const rows = [0, 1, 2, 3, 4].map((i) => {
  const prompt = ids(1 + i % 3, 7 * i),
    chosen = ids(2 + i, 11 * i),
    rejected = ids(1 + 2 * i, 13 * i);
  const referenceChosen = about(chosen.length, i - 2),
    referenceRejected = about(rejected.length, 1 - i / 2);
  return { prompt, chosen, rejected, referenceChosen, referenceRejected };
});
const pairs = preferenceBatch(rows, { snapshotId: "s", referenceId: "s", requireSame: true });

const single = rows.map(({ prompt, chosen, referenceChosen }, i) => ({
  ...{ prompt, completion: chosen, desirable: i % 2 === 0, reference: referenceChosen },
}));
const unpaired = ktoBatch(single.map((row, i) => ({
  ...row,
  mismatchedReference: about(mismatched(single)[i].ids.length - row.prompt.length, -3),
})));

const rewarded = rewardBatch(rows.map((row, i) => ({ ...row, margin: i / 4 })));
const centred = { centering: 0.05 };
const smoothed = { beta: 0.3, labelSmoothing: 0.2 };
const logistic = dpo({ beta: 0.5 });
const weights = { beta: 0.2, desirableWeight: 1.5, undesirableWeight: 0.5 };

export const objectiveTable = [
  {
    title: "pairwise(dpo)",
    objective: pairwise(logistic),
    batch: pairs,
    truth(logps) {
      const B = rows.length, { reference } = pairs;
      const of = rows.map((_, i) => {
        const [lw, ll] = [logps[i], logps[B + i]];
        const x = { dw: lw - reference[i], dl: ll - reference[B + i], nw: 1, nl: 1, lw, ll };
        return { loss: logistic.value(x), slopes: logistic.slopes(x) };
      });
      return {
        losses: of.map(({ loss }) => loss),
        slopes: [
          ...of.map(({ slopes }) => slopes.dw / B),
          ...of.map(({ slopes }) => slopes.dl / B),
        ],
      };
    },
  } satisfies ObjectiveRow<typeof pairs, SequenceMetric>,
  {
    title: "aot",
    objective: aot(smoothed),
    batch: pairs,
    truth: (logps) => aotLosses(logps, pairs.reference, smoothed, true),
  } satisfies ObjectiveRow<typeof pairs, SequenceMetric>,
  {
    title: "aotUnpaired",
    objective: aotUnpaired({ beta: 0.2 }),
    batch: pairs,
    truth: (logps) => aotLosses(logps, pairs.reference, { beta: 0.2 }, false),
  } satisfies ObjectiveRow<typeof pairs, SequenceMetric>,
  {
    title: "kto",
    objective: kto(weights),
    batch: unpaired,
    truth: (logps, surveyed = []) =>
      ktoLosses(logps, {
        ...unpaired,
        kl: surveyed.length === 0 ? 1.5 : ktoKl(surveyed, unpaired.mismatchedReference),
        N: logps.length,
      }, weights),
  } satisfies ObjectiveRow<typeof unpaired, SequenceMetric | "kl">,
  {
    title: "bradleyTerry",
    objective: bradleyTerry(centred),
    batch: rewarded,
    reads: "rewards",
    truth(rewards) {
      const B = rows.length, { value, slopes } = rewardLoss(centred);
      const of = rows.map((_, i) => {
        const [lw, ll] = [rewards[i], rewards[B + i]];
        const x = { dw: lw - rewarded.margins[i], dl: ll, nw: 1, nl: 1, lw, ll };
        return { loss: value(x), slopes: slopes(x) };
      });
      return {
        losses: of.map(({ loss }) => loss),
        slopes: [
          ...of.map(({ slopes }) => slopes.dw / B),
          ...of.map(({ slopes }) => slopes.dl / B),
        ],
      };
    },
  } satisfies ObjectiveRow<typeof rewarded, RewardMetric, Tensor>,
] as unknown as readonly ObjectiveRow<unknown, SequenceMetric | "rewards">[];
