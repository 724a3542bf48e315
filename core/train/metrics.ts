// A step's numbers under TRL's names, each a mean over the members, with the spread over members beside it.
import type { PreferenceLoss } from "../../losses/mod.ts";
import { range } from "../batch/micro_batches.ts";
import type { PreferenceBatch } from "../batch/preference_batch.ts";

/** What a step on pairs left on the device, on the host. */
export interface HostPairMetrics {
  /** [K·B] losses. */
  readonly losses: ArrayLike<number>;
  /** [K·2B] log-probs, nats. */
  readonly logps: ArrayLike<number>;
  /** [K·H] entropies, nats. */
  readonly entropy: ArrayLike<number>;
  /** [K·H] mean logits. Default: not known. */
  readonly meanLogits?: ArrayLike<number>;
  /** [K·H] 1 where the completion token is the model's first choice. Default: not known. */
  readonly isTop?: ArrayLike<number>;
  /** [K] squared gradient norms before clipping. */
  readonly normSquares: ArrayLike<number>;
  /** [K] blocks of numbers that are not finite: a member with any was not updated. Default: none. */
  readonly nonFinite?: ArrayLike<number>;
}

/** Names as in TRL; `<name>/std` is the standard deviation over the members. */
export type MetricRow = Record<string, number>;

/** Each number's mean over the members, and under `<name>/std` its standard deviation. */
export function overMembers(rows: readonly MetricRow[]): MetricRow {
  const out: MetricRow = {};
  for (const name of Object.keys(rows[0])) {
    const values = rows.map((row) => row[name]);
    const mean = values.reduce((a, b) => a + b, 0) / rows.length;
    out[name] = mean;
    out[`${name}/std`] = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / rows.length);
  }
  return out;
}

/** `skipped_members`: how many were not updated, because of numbers that are not finite; empty where none. */
export function skippedMembers(nonFinite: ArrayLike<number> = []): MetricRow {
  const skipped = Array.from(nonFinite).filter((count) => count > 0).length;
  return skipped > 0 ? { skipped_members: skipped } : {};
}

/** How the implicit rewards of pairs are logged. */
export type RewardScale = Pick<PreferenceLoss, "needsReference" | "rewardScale">;

/**
 * Summarise a step as TRL's DPO and OnlineDPO trainers do: loss, grad_norm, entropy, logps/{chosen,rejected},
 * logits/{chosen,rejected} (mean over vocabulary and tokens), mean_token_accuracy (of chosen answers),
 * rewards/{chosen,rejected,margins,accuracies} (implicit rewards: the loss's scale × log-ratio; a tie is no hit), beta
 * (that scale), objective/{kl,entropy,non_score_reward} (a sequence, over both answers); and step_tokens, of which
 * TRL's num_tokens is the sum so far. Where members were not updated because
 * their numbers are not finite, skipped_members says how many.
 *
 * @example
 * ```ts
 * import { preferenceBatch, summarisePairs } from "@leash/bpo/core";
 * import { dpo } from "@leash/bpo/losses";
 * import { assertEquals } from "@std/assert";
 * const batch = preferenceBatch([
 *   { prompt: [1], chosen: [6], rejected: [7], referenceChosen: -5, referenceRejected: -3 },
 * ], { snapshotId: "s", referenceId: "s", requireSame: true });
 * const metrics = { losses: [0.5], logps: [-4, -4], entropy: [1, 1], normSquares: [9] };
 * const row = summarisePairs(metrics, batch, dpo({ beta: 0.5 }));
 * assertEquals([row["rewards/chosen"], row["rewards/margins"], row.grad_norm], [0.5, 1, 3]);
 * ```
 */
export function summarisePairs(
  metrics: HostPairMetrics,
  batch: PreferenceBatch,
  loss: RewardScale,
): MetricRow {
  const { pairs: B, reference, packed } = batch;
  const members = metrics.normSquares.length;
  const H = metrics.entropy.length / members;
  const perMember = Array.from({ length: members }, (_, k): MetricRow => {
    const row: MetricRow = {
      loss: 0,
      "logps/chosen": 0,
      "logps/rejected": 0,
      "rewards/chosen": 0,
      "rewards/rejected": 0,
      "rewards/margins": 0,
      "rewards/accuracies": 0,
      "objective/kl": 0,
      "objective/entropy": 0,
    };
    for (let i = 0; i < B; i++) {
      const lw = metrics.logps[k * 2 * B + i], ll = metrics.logps[k * 2 * B + B + i];
      const base = loss.needsReference ? [reference[i], reference[B + i]] : [0, 0];
      const rw = loss.rewardScale * (lw - base[0]), rl = loss.rewardScale * (ll - base[1]);
      row.loss += metrics.losses[k * B + i] / B;
      row["logps/chosen"] += lw / B;
      row["logps/rejected"] += ll / B;
      row["rewards/chosen"] += rw / B;
      row["rewards/rejected"] += rl / B;
      row["rewards/margins"] += (rw - rl) / B;
      row["rewards/accuracies"] += (rw > rl ? 1 : 0) / B;
      row["objective/kl"] += (lw - reference[i] + ll - reference[B + i]) / (2 * B);
      row["objective/entropy"] -= (lw + ll) / (2 * B);
    }
    row["objective/non_score_reward"] = -loss.rewardScale * row["objective/kl"];
    Object.assign(row, ofTokens(metrics, packed, k * H));
    let entropy = 0;
    for (let i = 0; i < H; i++) entropy += metrics.entropy[k * H + i] / H;
    return { ...row, entropy, grad_norm: Math.sqrt(metrics.normSquares[k]) };
  });
  return {
    ...overMembers(perMember),
    beta: loss.rewardScale,
    step_tokens: packed.ids.length,
    ...skippedMembers(metrics.nonFinite),
  };
}

/**
 * Mean over the completion tokens of some sequences.
 *
 * @param values [K·H].
 * @param from The first of the member: k·H.
 */
export function tokenMean(
  values: ArrayLike<number>,
  { headStarts, headCounts }: PreferenceBatch["packed"],
  sequences: readonly number[],
  from: number,
): number {
  let sum = 0, tokens = 0;
  for (const s of sequences) {
    for (let i = 0; i < headCounts[s]; i++) sum += values[from + headStarts[s] + i];
    tokens += headCounts[s];
  }
  return sum / tokens;
}

/** What the head says of the completion tokens of the member whose first is `from`. */
function ofTokens(
  { meanLogits, isTop }: HostPairMetrics,
  packed: PreferenceBatch["packed"],
  from: number,
): MetricRow {
  const B = packed.starts.length / 2, chosen = range(0, B), rejected = range(B, 2 * B);
  const mean = (values: ArrayLike<number>, sequences: readonly number[]) =>
    tokenMean(values, packed, sequences, from);
  return {
    ...(meanLogits
      ? { "logits/chosen": mean(meanLogits, chosen), "logits/rejected": mean(meanLogits, rejected) }
      : {}),
    ...(isTop ? { mean_token_accuracy: mean(isTop, chosen) } : {}),
  };
}
