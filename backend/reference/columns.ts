// f64 truth of parts of columns.
import type { Columns } from "../kernels/columns.ts";

type Numbers = ArrayLike<number>;

/** y[r, g·width + j] = x[r, g·stride + offset + j], rows of x of length `total`. */
export function splitColumns(x: Numbers, total: number, part: Columns): Float64Array {
  const { groups, stride, offset, width } = part, rows = x.length / total;
  const y = new Float64Array(rows * groups * width);
  for (let r = 0; r < rows; r++) {
    for (let g = 0; g < groups; g++) {
      for (let j = 0; j < width; j++) {
        y[(r * groups + g) * width + j] = x[r * total + g * stride + offset + j];
      }
    }
  }
  return y;
}

/** Rows of length `total` that have each part's numbers in its columns, sums where parts meet, 0 elsewhere. */
export function joinColumns(
  parts: readonly (Columns & { columns: Numbers })[],
  total: number,
): Float64Array {
  const rows = parts[0].columns.length / (parts[0].groups * parts[0].width);
  const places = Float64Array.from({ length: rows * total }, (_, i) => i);
  const x = new Float64Array(rows * total);
  for (const part of parts) {
    splitColumns(places, total, part).forEach((place, i) => x[place] += part.columns[i]);
  }
  return x;
}
