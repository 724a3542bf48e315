// Sequences laid end to end: where each begins, and of which sequence and at which position every row is.

/** Rows of sequences that follow each other without padding. Axes: S sequences, R rows. */
export interface LaidRows {
  /** [S] first row of each sequence. */
  readonly starts: Uint32Array<ArrayBuffer>;
  /** [R] position of each row within its own sequence, from 0. */
  readonly positions: Uint32Array<ArrayBuffer>;
  /** [R] the sequence of each row. */
  readonly sequences: Uint32Array<ArrayBuffer>;
}

/**
 * Lays sequences end to end.
 *
 * @param lengths [S] rows of each.
 */
export function layRows(lengths: ArrayLike<number>): LaidRows {
  const starts = new Uint32Array(lengths.length);
  let rows = 0;
  for (let s = 0; s < lengths.length; s++) {
    starts[s] = rows;
    rows += lengths[s];
  }
  const positions = new Uint32Array(rows), sequences = new Uint32Array(rows);
  starts.forEach((start, s) => {
    for (let t = 0; t < lengths[s]; t++) {
      positions[start + t] = t;
      sequences[start + t] = s;
    }
  });
  return { starts, positions, sequences };
}
