// f64 truth of the sums.

type Numbers = ArrayLike<number>;

/** Σ x² of each of `groups` rows. */
export function sumSquares(x: Numbers, groups: number): Float64Array {
  const sums = new Float64Array(groups), P = x.length / groups;
  for (let i = 0; i < x.length; i++) sums[Math.floor(i / P)] += x[i] ** 2;
  return sums;
}

/** Σ x over rows starts[s] … starts[s] + counts[s] − 1. */
export function segmentSum(x: Numbers, starts: Numbers, counts: Numbers): Float64Array {
  return Float64Array.from(starts, (start, s) => {
    let sum = 0;
    for (let i = start; i < start + counts[s]; i++) sum += x[i];
    return sum;
  });
}

/** Each row's segment's number; 0 outside. */
export function expandSegments(
  s: Numbers,
  starts: Numbers,
  counts: Numbers,
  H: number,
): Float64Array {
  const y = new Float64Array(H);
  for (let i = 0; i < s.length; i++) y.fill(s[i], starts[i], starts[i] + counts[i]);
  return y;
}

/** Mean over `groups` rows. */
export function meanGroups(x: Numbers, groups: number): Float64Array {
  const P = x.length / groups, y = new Float64Array(P);
  for (let i = 0; i < x.length; i++) y[i % P] += x[i] / groups;
  return y;
}
