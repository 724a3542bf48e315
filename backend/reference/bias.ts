// f64 truth of a bias and the sums of columns.

type Numbers = ArrayLike<number>;

/** y = x + b in every row of b's length. */
export function addBias(x: Numbers, b: Numbers): Float64Array {
  return Float64Array.from(x, (v, i) => v + b[i % b.length]);
}

/** Σ over rows, of each of `cols` columns. */
export function columnSums(x: Numbers, cols: number): Float64Array {
  const sums = new Float64Array(cols);
  for (let i = 0; i < x.length; i++) sums[i % cols] += x[i];
  return sums;
}
