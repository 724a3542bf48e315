// A matrix on the host turned over.

/**
 * The transpose of a row-major matrix.
 *
 * @param matrix [rows, columns]; not changed.
 * @returns [columns, rows].
 */
export function transpose(
  matrix: ArrayLike<number>,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      out[column * rows + row] = matrix[row * columns + column];
    }
  }
  return out;
}
