// f64 truth of the soft cap.

/** c·tanh(x/c), or x where there is no c. */
export function softcap(x: number, c?: number): number {
  return c === undefined ? x : c * Math.tanh(x / c);
}
