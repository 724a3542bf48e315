// File patterns: `*` and `?` within a folder, `**` across folders. No regular expression, so none that never ends.

/** Whether a name matches one of the patterns. */
export function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matches(name, pattern));
}

/** Goes through both at once; a star remembers where to come back to, so the time is at most their product. */
function matches(name: string, pattern: string): boolean {
  let n = 0;
  let p = 0;
  let star: { p: number; n: number } | undefined; // the last *, which crosses no slash
  let stars: { p: number; n: number } | undefined; // the last **
  while (n < name.length) {
    if (pattern.startsWith("**", p)) {
      p += pattern.startsWith("**/", p) ? 3 : 2; // **/x matches x too
      stars = { p, n };
      star = undefined;
    } else if (pattern[p] === "*") {
      star = { p: ++p, n };
    } else if (
      p < pattern.length && (pattern[p] === name[n] || (pattern[p] === "?" && name[n] !== "/"))
    ) {
      p++;
      n++;
    } else if (star && name[star.n] !== "/") {
      n = ++star.n;
      p = star.p;
    } else if (stars) {
      n = ++stars.n;
      p = stars.p;
      star = undefined;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
