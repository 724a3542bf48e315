// Where the batches of supervised fine-tuning come from: epoch after epoch, each in an order of its own.
import { fold, type Key, permutation, type TokenSequence } from "../../core/mod.ts";

/** Batches for an `SftRun`: `completions`, or a source of your own. It is a value without state. */
export interface SequenceSource {
  /**
   * The batches of an epoch, at least one, none of them empty.
   *
   * @param epoch From 0.
   * @param key Of the run.
   */
  epoch(epoch: number, key: Key): readonly (readonly TokenSequence[])[];
}

/** How sequences become batches. */
export interface CompletionsOptions {
  /** Most tokens of a batch: whole sequences until the next would pass it; default 2048. */
  readonly batchTokens?: number;
}

/**
 * Prompts with the completions that are to be learnt: every epoch visits all in a new order, in batches of bounded size.
 *
 * @example
 * ```ts
 * import { keyOf } from "@leash/bpo/core";
 * import { completions } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const rows = [3, 4, 5, 9].map((length) => ({ ids: Array(length).fill(1), promptLength: 1 }));
 * const batches = completions(rows, { batchTokens: 8 }).epoch(0, keyOf(1));
 * assertEquals(batches.flat().length, 4); // each row once
 * const tokens = batches.map((batch) => batch.reduce((sum, { ids }) => sum + ids.length, 0));
 * assertEquals(tokens.filter((count) => count > 8), [9]); // only a row that is longer passes the bound
 * ```
 *
 * @param sequences Token ids, the prompt's first; borrowed.
 * @throws {RangeError} If there is none, or `batchTokens` is not a whole number of at least 1.
 */
export function completions(
  sequences: readonly TokenSequence[],
  { batchTokens = 2048 }: CompletionsOptions = {},
): SequenceSource {
  const refuse = (found: string, expected: string) => {
    throw new RangeError(`Cannot learn completions: ${found}, expected ${expected}`);
  };
  if (sequences.length === 0) refuse("sequences is empty", "at least 1");
  if (!(Number.isInteger(batchTokens) && batchTokens >= 1)) {
    refuse(`batchTokens is ${batchTokens}`, "a whole number ≥ 1");
  }
  return {
    epoch(epoch, key) {
      const order = permutation(fold(fold(key, "sft"), epoch), sequences.length);
      const batches: TokenSequence[][] = [];
      let tokens = Infinity;
      for (const index of order) {
        const sequence = sequences[index];
        if (tokens + sequence.ids.length > batchTokens) {
          batches.push([]);
          tokens = 0;
        }
        batches[batches.length - 1].push(sequence);
        tokens += sequence.ids.length;
      }
      return batches;
    },
  };
}

/** Steps of so many whole epochs. */
export function epochSteps(source: SequenceSource, epochs: number, key: Key): number {
  let steps = 0;
  for (let epoch = 0; epoch < epochs; epoch++) steps += source.epoch(epoch, key).length;
  return steps;
}

/** The batch of any step, for whoever goes through them in order. */
export class SequenceCursor {
  #epoch = -1;
  #first = 0;
  #batches: readonly (readonly TokenSequence[])[] = [];

  constructor(readonly source: SequenceSource, readonly key: Key) {}

  /** @returns The batch, and times through the source when it is learnt. */
  at(step: number): { readonly batch: readonly TokenSequence[]; readonly epoch: number } {
    if (step < this.#first) [this.#epoch, this.#first, this.#batches] = [-1, 0, []];
    while (step >= this.#first + this.#batches.length) {
      this.#first += this.#batches.length;
      this.#batches = this.source.epoch(++this.#epoch, this.key);
    }
    const place = step - this.#first;
    return {
      batch: this.#batches[place],
      epoch: this.#epoch + (place + 1) / this.#batches.length,
    };
  }
}
