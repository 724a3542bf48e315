// The nearest of several words: what somebody who mistyped probably meant.

/** The candidate with the smallest edit distance, upper and lower case alike; the first of equals. */
export function nearest(word: string, candidates: readonly string[]): string {
  const distance = (candidate: string) => editDistance(word.toLowerCase(), candidate.toLowerCase());
  return candidates.reduce((best, next) => distance(next) < distance(best) ? next : best);
}

/** Levenshtein distance, one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
