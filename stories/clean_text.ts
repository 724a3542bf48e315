// Web text as the story model is to see it: plain quotes and dashes, no double-decoded UTF-8.

/** UTF-8 that was once read as Windows-1252 (first), and typographic marks, to what a child types. */
const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/\u00e2\u20ac[\u0153\u009d]/g, '"'],
  [/\u00e2\u20ac[\u2122\u02dc]/g, "'"],
  [/\u00e2\u20ac[\u201c\u201d]/g, "-"],
  [/\u00e2\u20ac\u00a6/g, "..."],
  [/\u00e2\u20ac/g, '"'],
  [/[\u201c\u201d\u201e]/g, '"'],
  [/[\u2018\u2019]/g, "'"],
  [/[\u2013\u2014]/g, "-"],
  [/\u2026/g, "..."],
  [/[\u00a0\t]/g, " "],
  [/\r\n?/g, "\n"],
  [/ +$/gm, ""],
];

/**
 * Cleans a training text: mends quotes that were decoded twice ("â€œ"), makes quotes, dashes and
 * line ends plain, and drops spaces at line ends. Idempotent.
 *
 * @param text Any text.
 * @returns The cleaned text.
 */
export function cleanText(text: string): string {
  let clean = text;
  for (const [pattern, replacement] of REPLACEMENTS) clean = clean.replace(pattern, replacement);
  return clean;
}
