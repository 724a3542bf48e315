// What objectives over whole completions share: a sum of log-probs a sequence, and its slope for each token of it.
// Axes: K members; of the part s sequences, n examples, h completion tokens.
import { type Arena, expandSegments, segmentSum, type Tensor } from "../../backend/mod.ts";
import type { PartPass, PartSlopes, Per } from "./objective.ts";

/** What a step on completions says on the device. */
export type SequenceMetric = "losses" | "logps" | "entropy" | "meanLogits" | "isTop";

/**
 * `losses`, one an example; `logps` of completions before the update, nats; and of each completion token: `entropy` of
 * the next-token distribution, nats, `meanLogits` of the vocabulary, `isTop`: 1 where it is the model's first choice.
 */
export const SEQUENCE_METRICS: Readonly<Record<SequenceMetric, Per>> = {
  losses: "example",
  logps: "sequence",
  entropy: "token",
  meanLogits: "token",
  isTop: "token",
};

/** Losses [K·n] and slopes [K·s] = ∂(mean over the whole batch)/∂(a sequence's log-prob), on the device. */
export interface SequenceLosses {
  readonly losses: Tensor;
  readonly slopes: Tensor;
}

/**
 * The slopes of a part by its sequences.
 *
 * @param of Losses and slopes for the sequences' log-probs [K·s], nats.
 */
export async function sequenceSlopes<Batch>(
  arena: Arena,
  { device: { headStarts, headCounts, targets }, head }: PartPass<Batch>,
  of: (logps: Tensor) => SequenceLosses | Promise<SequenceLosses>,
): Promise<PartSlopes<SequenceMetric>> {
  const { entropy, meanLogits, isTop } = head;
  const logps = segmentSum(arena, head.logps, headStarts, headCounts);
  const { losses, slopes } = await of(logps);
  return {
    slopes: expandSegments(arena, slopes, headStarts, headCounts, targets.shape[0]),
    metrics: { losses, logps, entropy, meanLogits, isTop },
    watched: [losses],
    left: [slopes],
  };
}

/** One member's losses [n] and slopes [s] of a part, f64. */
export interface HostLosses {
  readonly losses: readonly number[];
  readonly slopes: readonly number[];
}

/**
 * Losses that are computed on the host, rounded once. A member with a log-prob that is not finite gets NaN throughout.
 *
 * @param logps [K·S] nats, a member's after another's: the part's, or those of the whole batch.
 * @param of What one member's [S] log-probs give.
 */
export function lossesOnHost<Batch>(
  arena: Arena,
  { members, part }: PartPass<Batch>,
  logps: ArrayLike<number>,
  of: (logps: number[], member: number) => HostLosses,
): SequenceLosses {
  const S = logps.length / members, n = part.examples.length, s = part.sequences.length;
  const losses = new Float32Array(members * n), slopes = new Float32Array(members * s);
  for (let k = 0; k < members; k++) {
    const own = Array.from({ length: S }, (_, i) => logps[k * S + i]);
    const isFinite = own.every(Number.isFinite);
    const found = isFinite
      ? of(own, k)
      : { losses: Array(n).fill(NaN), slopes: Array(s).fill(NaN) };
    losses.set(found.losses, k * n);
    slopes.set(found.slopes, k * s);
  }
  return {
    losses: arena.upload([losses.length], losses, "losses"),
    slopes: arena.upload([slopes.length], slopes, "slopes"),
  };
}
