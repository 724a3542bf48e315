// Pairs under a loss of the contract: L = (1/B) Σ loss(dw, dl), with dw and dl the log-ratios of the answers.
// Axes: K members, B pairs of the batch, b of the part.
import {
  type Arena,
  preferenceLoss,
  preferenceLossOnHost,
  type Tensor,
} from "../../../backend/mod.ts";
import type { PreferenceLoss } from "../../../losses/mod.ts";
import { microBatches, type Part } from "../../batch/micro_batches.ts";
import { checkReference, type PreferenceBatch } from "../../batch/preference_batch.ts";
import { vocabularyHead } from "../head.ts";
import { summarisePairs } from "../metrics.ts";
import type { Objective, PartPass } from "../objective.ts";
import {
  SEQUENCE_METRICS,
  type SequenceLosses,
  type SequenceMetric,
  sequenceSlopes,
} from "../sequence_slopes.ts";

/**
 * Checks a batch of pairs and splits it.
 *
 * @param most Pairs of a part; all by default.
 * @throws {RangeError} If a reference log-prob is not finite, or `most` is not a whole number of at least 1.
 */
export function splitPairs(batch: PreferenceBatch, most?: number): Part<PreferenceBatch>[] {
  checkReference(batch.reference);
  return microBatches(batch, most);
}

/**
 * Any pairwise loss as an objective: today's preference steps, logged under TRL's names. On the device where the loss
 * has WGSL (and on the CPU device), else on the host between two submits. `microBatch` counts pairs.
 *
 * @example
 * ```ts
 * import { pairwise, preferenceBatch } from "@leash/bpo/core";
 * import { dpo } from "@leash/bpo/losses";
 * import { assertEquals } from "@std/assert";
 * const pair = { prompt: [1, 5], chosen: [6, 2], rejected: [7], referenceChosen: -3, referenceRejected: -2 };
 * const batch = preferenceBatch([pair, pair], { snapshotId: "s", referenceId: "s", requireSame: true });
 * const objective = pairwise(dpo({ beta: 0.1 }));
 * assertEquals([objective.name, objective.split(batch, 1).length], ["dpo", 2]);
 * ```
 */
export function pairwise(loss: PreferenceLoss): Objective<PreferenceBatch, SequenceMetric> {
  return {
    name: loss.name,
    metrics: SEQUENCE_METRICS,
    head: vocabularyHead,
    split: splitPairs,
    slopes: (arena, pass) =>
      sequenceSlopes(arena, pass, (logps) => pairLosses(arena, loss, pass, logps)),
    summarise: (metrics, batch) => summarisePairs(metrics, batch, loss),
  };
}

async function pairLosses(
  arena: Arena,
  loss: PreferenceLoss,
  { part: { batch }, examples, members }: PartPass<PreferenceBatch>,
  logps: Tensor,
): Promise<SequenceLosses> {
  const { pairs, reference, packed } = batch;
  const sizes = { members, pairs, of: examples };
  if (loss.wgsl !== undefined || arena.device.info.runsTwins) {
    return preferenceLoss(
      arena,
      {
        logps,
        reference: arena.upload([2 * pairs], reference, "reference logps"),
        counts: arena.upload([2 * pairs], packed.headCounts, "completion tokens"),
      },
      loss,
      sizes,
    );
  }
  const host = preferenceLossOnHost(loss, {
    logps: await arena.read(logps) as Float32Array,
    reference,
    counts: packed.headCounts,
  }, sizes);
  return {
    losses: arena.upload([members, pairs], host.losses, "losses"),
    slopes: arena.upload([members * 2 * pairs], host.slopes, "slopes"),
  };
}
