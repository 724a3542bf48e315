// Truth of the key-value cache's write: cache[rowSequence[r], positions[r] − back] = x[r].

/** The cache [S, capacity, width] after the rows of x [R, width] are written; positions outside it are dropped. */
export function kvWrite(
  cache: ArrayLike<number>,
  x: ArrayLike<number>,
  rowSequence: ArrayLike<number>,
  positions: ArrayLike<number>,
  { capacity, width, back = 0 }: { capacity: number; width: number; back?: number },
): Float64Array {
  const next = Float64Array.from(cache);
  for (let r = 0; r < rowSequence.length; r++) {
    const position = positions[r] - back;
    if (position < 0 || position >= capacity) continue;
    for (let c = 0; c < width; c++) {
      next[(rowSequence[r] * capacity + position) * width + c] = x[r * width + c];
    }
  }
  return next;
}
