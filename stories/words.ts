// Texts as words and sentences, for the rule, the judge and the reports.

/** The words of a text in lower case; an apostrophe within a word belongs to it ("didn't"). */
export function wordsOf(text: string): string[] {
  return (text.toLowerCase().replaceAll("\u2019", "'").match(/[a-z]+(?:'[a-z]+)*/g) ?? []);
}

/** A word without a possessive ending: "lily's" → "lily". */
export function withoutPossessive(word: string): string {
  return word.endsWith("'s") && !KEPT.has(word) ? word.slice(0, -2) : word;
}

/** Contractions that end like a possessive. */
const KEPT: ReadonlySet<string> = new Set([
  "it's",
  "let's",
  "that's",
  "what's",
  "he's",
  "she's",
  "there's",
  "here's",
  "who's",
  "where's",
]);

/** One sentence of a text. */
export interface Sentence {
  /** The sentence without surrounding spaces. */
  readonly text: string;
  /** Whether it ends in a full stop, an exclamation or a question mark (quotes may follow). */
  readonly finished: boolean;
}

/** The sentences of a text, the last one unfinished if the text was cut. */
export function sentencesOf(text: string): Sentence[] {
  const parts = text.match(/[^.!?\n]+[.!?]*["')]*|[.!?]+["')]*/g) ?? [];
  return parts
    .map((part) => part.trim())
    .filter((part) => /[A-Za-z]/.test(part))
    .map((part) => ({ text: part, finished: /[.!?]["')]*$/.test(part) }));
}

/** Whether a text stops in the middle of a sentence, and perhaps of its last word. */
export function isCut(text: string): boolean {
  return !/[.!?]["')]*\s*$/.test(text);
}

/**
 * A crude stem: word forms that differ by a common ending fall together ("helped", "helping",
 * "helps", "helpful" → "help"). Only for telling words apart, never shown.
 */
export function stem(word: string): string {
  const bare = withoutPossessive(word).replace(/'.*$/, "");
  const suffixed = dropEnding(bare, ["fully", "fulness", "ful", "less", "iness", "ness", "ily"]);
  const base = dropEnding(suffixed, ["ied", "ies", "ier", "iest", "ly"]);
  if (base !== suffixed) return shorten(base);
  const verb = dropEnding(base, ["ing", "ed", "er", "est"]);
  if (verb !== base) return shorten(verb.replace(/([bdgkmnprt])\1$/, "$1")); // hugged → hug
  return shorten(dropEnding(base, ["es", "s"]));
}

function dropEnding(word: string, endings: readonly string[]): string {
  const ending = endings.find((end) => word.endsWith(end) && word.length - end.length >= 3);
  return ending === undefined ? word : word.slice(0, -ending.length);
}

function shorten(base: string): string {
  return base.length > 3 ? base.replace(/[eyi]$/, "") : base;
}
