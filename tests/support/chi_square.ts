// Pearson's χ² of counts against probabilities.

/** Σ (count − n·p)² / (n·p) over the bins with p > 0; a count where p is 0 is infinitely wrong. */
export function chiSquare(counts: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  let n = 0, sum = 0;
  for (let i = 0; i < counts.length; i++) n += counts[i];
  for (let i = 0; i < counts.length; i++) {
    const expected = n * probabilities[i];
    if (expected > 0) sum += (counts[i] - expected) ** 2 / expected;
    else if (counts[i] > 0) return Infinity;
  }
  return sum;
}
