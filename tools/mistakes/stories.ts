/** Mistakes in stories/: the embedded task. */
import type { MistakeRow } from "./mistake.ts";

/** One a row. */
export const STORIES: readonly MistakeRow[] = [
  ["judgeParts", "known / (pairs.length + FEW)", "known / (pairs.length + 1)"],
  ["judgeParts", "-6 * share(echoed)", "6 * share(echoed)"],
  ["judgeParts", "moods.at(-1)", "moods.at(0)"],
  ["pairsOf", "isMute(word) || isMute(words[i - 1])", "false"],
  ["heldOut", "!isRuleWord(word)", "true"],
  ["moodsOf", "denied ? -value / 2 : value", "denied ? value / 2 : value"],
  ["ruleParts", "-5 * saturate(3 * copiedShare(wordsOf(prompt), words))", "0"],
  ["kindnessOf", ".slice(0, DEEDS_A_SENTENCE)", ""],
  ["kindnessOf", "(negated ? unkind : deeds)", "(negated ? deeds : unkind)"],
  ["overusedShare", "count > 4", "count > 40"],
  ["repeatedShare", "words.length - n + 1", "words.length - n"],
  ["distinctShare", "words.slice(n - 1)", "words.slice(n)"],
  ["textQuality", "isCut(text) ? words.slice(0, -1) : words", "words"],
  ["isCut", "!/", "/"],
];
