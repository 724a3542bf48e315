// Sequences to one packed batch: every token is a row, no padding, one list of rows for the head.
// Axes: S sequences, R = Σ lengths rows, H = Σ completion lengths head rows.
import { layRows } from "./rows.ts";

/** A tokenised sequence: prompt tokens first, completion tokens after them. */
export interface TokenSequence {
  /** Token ids, prompt then completion, integers in [0, 2³²). */
  readonly ids: ArrayLike<number>;
  /** How many of `ids` are prompt, at least 1: the row of the last one predicts the first answer. */
  readonly promptLength: number;
}

/**
 * A prompt and its completion as one sequence. Both are copied.
 *
 * @example
 * ```ts
 * import { sequenceOf } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals(sequenceOf([1, 5], [6, 2]), { ids: [1, 5, 6, 2], promptLength: 2 });
 * ```
 *
 * @param prompt Token ids, BOS included.
 * @param completion Token ids.
 */
export function sequenceOf(
  prompt: ArrayLike<number>,
  completion: ArrayLike<number>,
): TokenSequence {
  return { ids: [...Array.from(prompt), ...Array.from(completion)], promptLength: prompt.length };
}

/** Sequences laid end to end for the kernels; no row is padding. */
export interface PackedSequences {
  /** [R] input token of each row. */
  readonly ids: Uint32Array<ArrayBuffer>;
  /** [R] position of each row within its own sequence, from 0. */
  readonly positions: Uint32Array<ArrayBuffer>;
  /** [S] first row of each sequence. */
  readonly starts: Uint32Array<ArrayBuffer>;
  /** [S] rows of each sequence. */
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** [H] the row that predicts each completion token: token t is predicted by row t − 1. */
  readonly headRows: Uint32Array<ArrayBuffer>;
  /** [H] the completion tokens themselves. */
  readonly targets: Uint32Array<ArrayBuffer>;
  /** [S] first entry of each sequence in `headRows` and `targets`. */
  readonly headStarts: Uint32Array<ArrayBuffer>;
  /** [S] completion tokens of each sequence, at least 1. */
  readonly headCounts: Uint32Array<ArrayBuffer>;
  /** How many sequences were cut at `maxLength`. */
  readonly truncatedSequences: number;
  /** How many completion tokens those cuts dropped in all. */
  readonly truncatedTokens: number;
}

/** Options of {@link packSequences}. */
export interface PackOptions {
  /** Longest sequence in tokens; longer completions lose their end. Default: no limit. */
  readonly maxLength?: number;
}

const MAX_ID = 0xffff_ffff;

/**
 * Packs sequences for the forward pass: rows in sequence order, no padding, and the list of rows
 * whose next token is a completion token, so that the head never sees a prompt row.
 *
 * @example
 * ```ts
 * import { packSequences } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const packed = packSequences([{ ids: [0, 5, 6, 7], promptLength: 2 }]);
 * assertEquals([...packed.headRows], [1, 2]); // row 1 predicts token 2, row 2 predicts token 3
 * assertEquals([...packed.targets], [6, 7]);
 * ```
 *
 * @param sequences [S] token sequences; borrowed, not changed.
 * @param options `maxLength`: cut the end of completions there, tokens; default no limit.
 * @returns Fresh arrays for R rows, H head rows and S sequences, with truncation counts.
 * @throws {TypeError} If there is no sequence, or an id is not an integer in [0, 2³²).
 * @throws {RangeError} If a prompt is empty (put BOS first), a completion is empty, or a prompt
 * leaves no room for a completion within `maxLength`.
 */
export function packSequences(
  sequences: readonly TokenSequence[],
  options: PackOptions = {},
): PackedSequences {
  const { maxLength = Infinity } = options;
  if (maxLength !== Infinity && !(Number.isInteger(maxLength) && maxLength >= 2)) {
    throw new RangeError(
      `Cannot pack sequences: maxLength is ${maxLength}, expected an integer of at least 2`,
    );
  }
  if (sequences.length === 0) {
    throw new TypeError("Cannot pack sequences: the list is empty, expected at least one sequence");
  }
  let heads = 0;
  let truncatedSequences = 0;
  let truncatedTokens = 0;
  const S = sequences.length;
  const lengths = new Uint32Array(S);
  const headStarts = new Uint32Array(S);
  const headCounts = new Uint32Array(S);
  for (let s = 0; s < S; s++) {
    const { ids, promptLength } = sequences[s];
    checkLengths(s, ids.length, promptLength, maxLength);
    const length = Math.min(ids.length, maxLength);
    if (length < ids.length) {
      truncatedSequences++;
      truncatedTokens += ids.length - length;
    }
    lengths[s] = length;
    headStarts[s] = heads;
    headCounts[s] = length - promptLength;
    heads += length - promptLength;
  }

  const { starts, positions } = layRows(lengths);
  const ids = new Uint32Array(positions.length);
  const headRows = new Uint32Array(heads);
  const targets = new Uint32Array(heads);
  for (let s = 0; s < S; s++) {
    const { ids: tokens, promptLength } = sequences[s];
    for (let t = 0; t < lengths[s]; t++) {
      const id = tokens[t];
      if (!Number.isInteger(id) || id < 0 || id > MAX_ID) {
        throw new TypeError(
          `Cannot pack sequences: token ${t} of sequence ${s} is ${id}, ` +
            "expected an integer id of at least 0",
        );
      }
      const row = starts[s] + t;
      ids[row] = id;
      if (t >= promptLength) {
        const h = headStarts[s] + t - promptLength;
        headRows[h] = row - 1;
        targets[h] = id;
      }
    }
  }
  return {
    ids,
    positions,
    starts,
    lengths,
    headRows,
    targets,
    headStarts,
    headCounts,
    truncatedSequences,
    truncatedTokens,
  };
}

function checkLengths(s: number, length: number, promptLength: number, maxLength: number): void {
  const what = `Cannot pack sequences: promptLength of sequence ${s} is ${promptLength}`;
  if (!Number.isInteger(promptLength) || promptLength < 1) {
    throw new RangeError(
      `${what}, expected an integer of at least 1. No row predicts the first token: ` +
        "put the BOS token before the prompt",
    );
  }
  if (promptLength >= length) {
    throw new RangeError(
      `${what} of ${length} tokens, expected at least one completion token after the prompt`,
    );
  }
  if (promptLength >= maxLength) {
    throw new RangeError(
      `${what}, expected less than maxLength ${maxLength}. Nothing of the completion is left: ` +
        "shorten the prompt or raise maxLength",
    );
  }
}
