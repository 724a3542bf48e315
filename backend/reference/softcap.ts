// f64 truth of the soft cap.

/** c·tanh(x/c), or x where there is no c or x is not finite. */
export function softcap(x: number, c?: number): number {
  return c === undefined || !Number.isFinite(x) ? x : c * Math.tanh(x / c);
}
