// A batch in parts that go through the model one after another, their gradients summed: what does not fit at once.
// Axes: S sequences, B pairs; small letters: a part's.
import type { PreferenceBatch } from "./preference_batch.ts";
import type { PackedSequences } from "./packed_sequences.ts";

/** Some examples of a batch, packed as if they were all there is. */
export interface Part<Batch> {
  /** They, as a batch. */
  readonly batch: Batch;
  /** Their sequences. */
  readonly packed: PackedSequences;
  /** [s] the place of each of these sequences in the whole batch. */
  readonly sequences: readonly number[];
  /** [n] the place of each of these examples in the whole batch. */
  readonly examples: readonly number[];
}

/** The whole numbers of `from` … `to` − 1. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/**
 * Places in parts of `size`, in order; the last one may have fewer.
 *
 * @param size Of a part, at least 1. Default: all.
 * @throws {RangeError} If `size` is not a whole number of at least 1.
 */
export function partsOf(examples: number, size: number = examples): number[][] {
  if (!(Number.isInteger(size) && size >= 1)) {
    throw new RangeError(
      `Cannot split the batch: microBatch is ${size}, expected a whole number ≥ 1`,
    );
  }
  return range(0, Math.ceil(examples / size)).map((part) =>
    range(part * size, Math.min((part + 1) * size, examples))
  );
}

/**
 * Pairs of a batch in parts of `size`, in order; the last one may have fewer.
 *
 * @example
 * ```ts
 * import { microBatches, preferenceBatch } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const pair = { prompt: [1, 5], chosen: [6, 2], rejected: [7], referenceChosen: -3, referenceRejected: -2 };
 * const batch = preferenceBatch([pair, pair, pair], { snapshotId: "s", referenceId: "s", requireSame: true });
 * assertEquals(microBatches(batch, 2).map(({ sequences }) => sequences), [[0, 1, 3, 4], [2, 5]]);
 * ```
 *
 * @param size Pairs of a part, at least 1. Default: all.
 * @returns The batch itself where it is one part.
 * @throws {RangeError} If `size` is not a whole number of at least 1.
 */
export function microBatches(batch: PreferenceBatch, size?: number): Part<PreferenceBatch>[] {
  const { pairs: B, packed, reference } = batch;
  const parts = partsOf(B, size);
  return parts.map((examples) => {
    const sequences = [...examples, ...examples.map((pair) => B + pair)];
    const part = parts.length === 1 ? batch : {
      ...batch,
      pairs: examples.length,
      packed: pickSequences(packed, sequences),
      reference: Float32Array.from(sequences, (row) => reference[row]),
    };
    return { batch: part, packed: part.packed, sequences, examples };
  });
}

/**
 * Packed sequences in parts of at most `rows` rows, whole sequences in order; a longer one is a part of its own.
 *
 * @example
 * ```ts
 * import { packSequences, rowBatches } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const packed = packSequences([3, 4, 2].map((length) => ({ ids: Array(length).fill(1), promptLength: 1 })));
 * assertEquals(rowBatches(packed, 6).map(({ ids }) => ids.length), [3, 6]);
 * assertEquals(rowBatches(packed, 9), [packed]);
 * ```
 *
 * @returns The sequences themselves where they are one part.
 */
export function rowBatches(packed: PackedSequences, rows: number): PackedSequences[] {
  if (packed.ids.length <= rows) return [packed];
  const parts: number[][] = [];
  let left = 0;
  packed.lengths.forEach((length, s) => {
    if (length > left || parts.length === 0) {
      parts.push([]);
      left = rows;
    }
    parts[parts.length - 1].push(s);
    left -= length;
  });
  return parts.map((sequences) => pickSequences(packed, sequences));
}

/** Some of the sequences, packed again in the order given. Nothing counts as truncated: what was cut has been counted. */
export function pickSequences(
  packed: PackedSequences,
  sequences: readonly number[],
): PackedSequences {
  const pick = (values: Uint32Array, from: (s: number) => number, count: (s: number) => number) =>
    sequences.map((s) => values.subarray(from(s), from(s) + count(s)));
  const join = (parts: readonly Uint32Array[]) => {
    const out = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  };
  const { starts, lengths, headStarts, headCounts } = packed;
  const rows = (values: Uint32Array) => pick(values, (s) => starts[s], (s) => lengths[s]);
  const heads = (values: Uint32Array) => pick(values, (s) => headStarts[s], (s) => headCounts[s]);
  const sums = (counts: Uint32Array) => {
    let sum = 0;
    return Uint32Array.from(sequences, (s) => (sum += counts[s]) - counts[s]);
  };
  const newStarts = sums(lengths);
  return {
    ids: join(rows(packed.ids)),
    positions: join(rows(packed.positions)),
    starts: newStarts,
    lengths: Uint32Array.from(sequences, (s) => lengths[s]),
    headRows: join(
      heads(packed.headRows).map((part, i) =>
        part.map((row) => row - starts[sequences[i]] + newStarts[i])
      ),
    ),
    targets: join(heads(packed.targets)),
    headStarts: sums(headCounts),
    headCounts: Uint32Array.from(sequences, (s) => headCounts[s]),
    truncatedSequences: 0,
    truncatedTokens: 0,
  };
}
