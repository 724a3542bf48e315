// Patterns that a tokenizer.json brings are run on every text, and a pattern can be made to take for ever. The rule is
// simple and errs on the safe side: what repeats without end may not itself match in several ways.

const LONGEST = 16_384; // characters of a pattern
const FEW = 8; // repetitions that are as good as without end

/**
 * What is wrong with a pattern that is to be run on any text, undefined if nothing is.
 *
 * @param pattern Source of a regular expression. One that is malformed is left to whoever compiles it.
 */
export function riskOf(pattern: string): string | undefined {
  if (pattern.length > LONGEST) return `a pattern of ${pattern.length} characters`;
  const open: { start: number; varies: boolean }[] = [];
  let varies = false; // whether the group that is read can match one text in several ways
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === "\\") {
      i++;
    } else if (c === "[") {
      for (i++; i < pattern.length && pattern[i] !== "]"; i++) if (pattern[i] === "\\") i++;
    } else if (c === "(") {
      open.push({ start: i, varies });
      varies = false;
      if (pattern[i + 1] === "?") i++;
    } else if (c === ")") {
      const group = open.pop();
      if (!group) return undefined;
      if (varies && most(pattern, i + 1) > FEW) return pattern.slice(group.start, i + 2);
      varies ||= group.varies;
    } else if (c === "|" || most(pattern, i) !== least(pattern, i)) {
      varies = true;
    }
  }
  return undefined;
}

/** How often what is before `at` may be repeated by what stands there. */
function most(pattern: string, at: number): number {
  const c = pattern[at];
  if (c === "+" || c === "*") return Infinity;
  const counts = countsAt(pattern, at);
  if (!counts) return 1;
  return counts[2] === undefined ? Number(counts[1]) : Number(counts[2] || Infinity);
}

function least(pattern: string, at: number): number {
  const c = pattern[at];
  if (c === "*" || c === "?") return 0;
  return Number(countsAt(pattern, at)?.[1] ?? 1);
}

function countsAt(pattern: string, at: number): RegExpExecArray | null {
  return pattern[at] === "{" ? /^\{(\d+)(?:,(\d*))?\}/.exec(pattern.slice(at, at + 32)) : null;
}
