// The nearest of several words: what somebody who mistyped probably meant, if anything there is near.

/** The candidate with the smallest edit distance, upper and lower case alike; the first of equals. */
export function nearest(word: string, candidates: readonly string[]): string {
  const distance = (candidate: string) => editDistance(word.toLowerCase(), candidate.toLowerCase());
  return candidates.reduce((best, next) => distance(next) < distance(best) ? next : best);
}

/**
 * The end of a message, ` Did you mean X?`: the nearest candidate where at most a third of it is other letters, else the
 * first that begins so; nothing where none is near.
 *
 * @param show How a candidate is written.
 */
export function didYouMean(
  word: string,
  candidates: readonly string[],
  show: (candidate: string) => string = (candidate) => candidate,
): string {
  if (candidates.length === 0 || word.length > LONGEST) return "";
  const [typed, best] = [word.toLowerCase(), nearest(word, candidates)];
  const most = Math.ceil(Math.max(typed.length, best.length) / 3);
  const isNear = editDistance(typed, best.toLowerCase()) <= most;
  const meant = isNear
    ? best
    : candidates.find((candidate) => typed.length > 2 && candidate.toLowerCase().startsWith(typed));
  return meant === undefined ? "" : ` Did you mean ${show(meant)}?`;
}

/** Characters of a word that somebody typed. */
const LONGEST = 80;

/** Levenshtein distance in which two letters that changed places are one edit, a row of the table at a time. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(
        Math.min(change, row[j] + 1, next[j - 1] + 1, swapped ? before[j - 2] + 1 : change),
      );
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}
