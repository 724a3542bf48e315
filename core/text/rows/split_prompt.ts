// The prompt that two answers share without saying so: everything before the first message that differs, or before
// the first word that differs, and there only where the tokenizer cuts too.
import { UnusableRow } from "./report.ts";
import type { Message } from "./rows.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** A prompt and the two ways in which it goes on. */
export interface PromptSplit<T> {
  /** What both share. */
  readonly prompt: T;
  /** The rest of the preferred one. */
  readonly chosen: T;
  /** The rest of the other. */
  readonly rejected: T;
}

/** How many word boundaries are tried before a text is given up: a tokenizer that never agrees must not cost O(n²). */
const MOST_TRIES = 64;

/** Splits two dialogues after the messages that they share; what remains begins with the assistant's turn. */
export function splitMessages(
  chosen: readonly Message[],
  rejected: readonly Message[],
): PromptSplit<readonly Message[]> {
  const most = Math.min(chosen.length, rejected.length) - 1; // each keeps at least one message
  let n = 0;
  while (n < most && sameMessage(chosen[n], rejected[n])) n++;
  if (n === 0) throw new UnusableRow("chosen and rejected share no first message");
  for (const rest of [chosen.slice(n), rejected.slice(n)]) {
    if (rest[0].role !== "assistant" || rest.some(({ role }) => role === "user")) {
      throw new UnusableRow("chosen and rejected differ before the last turn of the user");
    }
  }
  return { prompt: chosen.slice(0, n), chosen: chosen.slice(n), rejected: rejected.slice(n) };
}

/**
 * Splits two texts where they part, moved back to a boundary of words in both and, given a tokenizer, of tokens in
 * both. Spaces at the boundary go with the answers, as byte-pair vocabularies have them.
 */
export function splitText(
  chosen: string,
  rejected: string,
  tokenizer?: Tokenizer,
): PromptSplit<string> {
  const most = Math.min(chosen.length, rejected.length) - 1; // each keeps at least one character
  let at = 0;
  while (at < most && chosen[at] === rejected[at]) at++;
  const texts = [chosen, rejected];
  const words = texts.map((text) =>
    new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)
  );
  const ids = texts.map((text) => tokenizer?.encode(text));
  for (let tries = 0; at > 0 && tries < MOST_TRIES; tries++, at--) {
    let start: number;
    while ((start = Math.min(...words.map((word) => word.containing(at)!.index))) < at) at = start;
    while (at > 0 && chosen[at - 1] === " ") at--;
    const prompt = chosen.slice(0, at);
    if (prompt.trim() === "") break;
    if (tokenizer !== undefined) {
      const promptIds = tokenizer.encode(prompt);
      const isPrefix = (whole: number[] | undefined) =>
        promptIds.every((id, i) => id === whole?.[i]);
      if (!ids.every(isPrefix)) continue;
    }
    return { prompt, chosen: chosen.slice(at), rejected: rejected.slice(at) };
  }
  throw new UnusableRow("chosen and rejected share no first words");
}

/** Whether two messages say the same. */
export function sameMessage(a: Message, b: Message): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => JSON.stringify(a[key]) === JSON.stringify(b[key]));
}
