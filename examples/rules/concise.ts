// A rule for `--annotator rule:examples/rules/concise.ts`: it prefers answers that are complete, concise and polite.
// Any module with such a default export will do; of two answers the one with the larger number wins, equal ones tie.

/** Words that make an answer friendlier. */
const POLITE = /\b(please|thank(s| you)|welcome|glad|happy to|sorry|of course|sure|hope)\b/gi;
/** Words that make it less so. */
const RUDE = /\b(stupid|idiot|dumb|shut up|hate|whatever|nonsense)\b/gi;
/** An answer of this many words is neither curt nor long. */
const IDEAL = 40;

/**
 * Scores an answer.
 *
 * @param prompt What was asked.
 * @param completion The answer, without its end token.
 * @returns A number without a unit; larger is better.
 */
export default function concise(prompt: string, completion: string): number {
  const text = completion.trim();
  const words = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
  if (words.length === 0) return -10;
  const complete = /[.!?)"'”’]$/.test(text) ? 1 : 0;
  const length = -Math.abs(Math.log(words.length / IDEAL));
  const polite = Math.min(2, text.match(POLITE)?.length ?? 0) - 2 * (text.match(RUDE)?.length ?? 0);
  const asked = new Set(prompt.toLowerCase().match(/\p{L}{4,}/gu) ?? []);
  const onTopic = words.some((word) => asked.has(word)) ? 0.5 : 0;
  return 2 * complete + length + 0.5 * polite + onTopic - 3 * repeatedShare(words);
}

/** Share of three-word sequences that stood in the answer before: a model that goes in circles is not concise. */
function repeatedShare(words: readonly string[]): number {
  const runs = words.slice(2).map((word, i) => `${words[i]} ${words[i + 1]} ${word}`);
  return runs.length === 0 ? 0 : 1 - new Set(runs).size / runs.length;
}
