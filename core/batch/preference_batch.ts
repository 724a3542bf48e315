// One training step's data on the host: chosen rows first, the snapshot that wrote them, the reference that scored them.
import { type PackedSequences, packSequences, sequenceOf } from "./packed_sequences.ts";

/** One annotated pair in tokens. Sampled ids, never re-tokenised. */
export interface TokenPair {
  /** Prompt ids, BOS included. */
  readonly prompt: ArrayLike<number>;
  /** Completion ids of the answer that won. */
  readonly chosen: ArrayLike<number>;
  /** Completion ids of the answer that lost. */
  readonly rejected: ArrayLike<number>;
  /** Reference log-prob of the chosen completion, nats. */
  readonly referenceChosen: number;
  /** Reference log-prob of the rejected completion, nats. */
  readonly referenceRejected: number;
}

/** Pairs as `trainStep` takes them. */
export interface PreferenceBatch {
  /** B. */
  readonly pairs: number;
  /** 2B sequences, chosen first. */
  readonly packed: PackedSequences;
  /** [2B] reference log-probs, nats, chosen first. */
  readonly reference: Float32Array<ArrayBuffer>;
  /** The snapshot that generated the pairs. */
  readonly snapshotId: string;
  /** The policy that computed `reference`: the same snapshot where the reference is the behaviour policy. */
  readonly referenceId: string;
}

/**
 * Refuse reference log-probs that are NaN or infinite: `min` and `max` of a loss would swallow them without a word.
 * Every batch passes here when it is made, and again when a step takes it.
 *
 * @example
 * ```ts
 * import { checkReference } from "@leash/bpo/core";
 * import { assertThrows } from "@std/assert";
 * const reference = new Float32Array([-3, NaN]); // one pair
 * assertThrows(() => checkReference(reference), RangeError, "of the rejected answer of pair 0 is NaN");
 * ```
 *
 * @param reference [2B], nats, chosen first.
 * @throws {RangeError} If one is not finite; names the pair and the answer.
 */
export function checkReference(reference: Float32Array): void {
  const i = reference.findIndex((logp) => !Number.isFinite(logp));
  if (i < 0) return;
  const pairs = reference.length / 2;
  throw new RangeError(
    `Cannot score the batch: the reference log-prob of the ${
      i < pairs ? "chosen" : "rejected"
    } answer of pair ${i % pairs} is ${reference[i]}, expected a finite number`,
  );
}

/**
 * Pack pairs for a step.
 *
 * @example
 * ```ts
 * import { preferenceBatch } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const batch = preferenceBatch([
 *   { prompt: [1, 5], chosen: [6, 2], rejected: [7], referenceChosen: -3, referenceRejected: -2 },
 * ], { snapshotId: "snapshot-0", referenceId: "snapshot-0", requireSame: true });
 * assertEquals([...batch.packed.ids], [1, 5, 6, 2, 1, 5, 7]); // chosen rows first
 * ```
 *
 * @param ids `snapshotId` and `referenceId`; with `requireSame` (BPO) they must be equal.
 * @throws {RangeError} If there is no pair, BPO's reference is not the snapshot that generated the data, or a
 * reference log-prob is not finite in f32.
 */
export function preferenceBatch(
  pairs: readonly TokenPair[],
  { snapshotId, referenceId, requireSame }: {
    snapshotId: string;
    referenceId: string;
    requireSame: boolean;
  },
): PreferenceBatch {
  if (pairs.length === 0) {
    throw new RangeError("Cannot build a batch: it has 0 pairs, expected at least 1");
  }
  if (requireSame && snapshotId !== referenceId) {
    throw new RangeError(
      `Cannot score the batch: its snapshot is ${snapshotId} and the reference is ${referenceId}, expected the snapshot that generated it`,
    );
  }
  const reference = new Float32Array([
    ...pairs.map((p) => p.referenceChosen),
    ...pairs.map((p) => p.referenceRejected),
  ]);
  checkReference(reference);
  const chosen = pairs.map(({ prompt, chosen }) => sequenceOf(prompt, chosen));
  const rejected = pairs.map(({ prompt, rejected }) => sequenceOf(prompt, rejected));
  return {
    pairs: pairs.length,
    packed: packSequences([...chosen, ...rejected]),
    reference,
    snapshotId,
    referenceId,
  };
}
