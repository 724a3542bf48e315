// The training rule: kind, on topic, fluent. Every feature saturates, so that no single one can
// buy the win by being repeated.
import { KIND, NEGATIONS, UNKIND } from "./kind_lexicon.ts";
import { NAMES } from "./names.ts";
import { loadWordList, misspeltShare, repeatedShare } from "./text_quality.ts";
import { isCut, sentencesOf, stem, withoutPossessive, wordsOf } from "./words.ts";

/** What the score is made of; the score is the sum. */
export interface RuleParts {
  /** Kind and unkind deeds, at most two kind ones a sentence, −4 to 8. */
  readonly kindness: number;
  /** Names, things and pronouns of the prompt that come again, 0 to 1.6. */
  readonly topic: number;
  /** Repeated sequences and words, −5 to 0. */
  readonly repetition: number;
  /** Four words and more in the prompt's own order, −5 to 0. */
  readonly copying: number;
  /** Words that are no words, −4 to 0. */
  readonly spelling: number;
  /** Too many kind words in too few others, −9 to 0. */
  readonly stuffing: number;
  /** Too short or too long, −4 to 0. */
  readonly length: number;
  /** New people out of nowhere, −1.2 to 0. */
  readonly drift: number;
  /** Ends with a finished sentence, 0 to 0.3. */
  readonly ending: number;
}

/** Scores a continuation of a prompt; larger is better; stories from −10 to 10, spam lower. */
export type Score = (prompt: string, continuation: string) => number;

/**
 * The rule over a word list.
 *
 * @param known Words that are spelt right, from `loadWordList`.
 * @returns A pure scoring function for `ruleAnnotator`.
 */
export function kindRule(known: ReadonlySet<string>): Score {
  return (prompt, continuation) => {
    const parts = ruleParts(prompt, continuation, known);
    return Object.values(parts).reduce((sum: number, part: number) => sum + part, 0);
  };
}

/** The rule over the committed word list. */
export async function loadKindRule(): Promise<Score> {
  return kindRule(await loadWordList());
}

/** The features of a continuation, each in points. */
export function ruleParts(
  prompt: string,
  continuation: string,
  known: ReadonlySet<string>,
): RuleParts {
  const words = wordsOf(continuation);
  const whole = isCut(continuation) ? words.slice(0, -1) : words; // the last may be cut in two
  const n = words.length;
  return {
    kindness: kindnessOf(sentencesOf(continuation).map(({ text }) => wordsOf(text))),
    topic: n === 0 ? 0 : topicOf(prompt, words),
    repetition: -7 * saturate(5 * repeatedShare(words, 3) + 3 * overusedShare(words)),
    copying: -5 * saturate(3 * copiedShare(wordsOf(prompt), words)),
    spelling: -4 * saturate(8 * misspeltShare(whole, known)),
    stuffing: -9 * saturate(4 * Math.max(0, kindShare(words) - 0.24)),
    length: -4 * Math.min(1, Math.max(0, (14 - n) / 14, (n - 90) / 60)),
    drift: -1.2 * saturate(0.6 * strangersIn(prompt, continuation)),
    ending: n > 0 && !isCut(continuation) ? 0.3 : 0,
  };
}

/** 0 at 0, slope 1 there, never above 1. */
function saturate(x: number): number {
  return 1 - Math.exp(-x);
}

/** Kind deeds of one sentence that count: a list of them is no story. */
const DEEDS_A_SENTENCE = 2;

/** Each deed once, however often it is named: 8·(1 − e^(−Σ/3)) less 4·(1 − e^(−Σ/2)) for unkind ones. */
function kindnessOf(sentences: readonly (readonly string[])[]): number {
  const kind = new Map<string, number>();
  const unkind = new Map<string, number>();
  for (const words of sentences) {
    const deeds = new Map<string, number>();
    words.forEach((word, i) => {
      const negated = [1, 2, 3].some((back) => NEGATIONS.has(words[i - back] ?? ""));
      const weight = KIND.get(word);
      if (weight !== undefined) (negated ? unkind : deeds).set(groupOf(word), weight);
      const against = UNKIND.get(word);
      if (against !== undefined && !negated) unkind.set(groupOf(word), against);
    });
    for (const [deed, weight] of [...deeds].slice(0, DEEDS_A_SENTENCE)) kind.set(deed, weight);
  }
  const sum = (deeds: ReadonlyMap<string, number>): number =>
    deeds.values().reduce((total, weight) => total + weight, 0);
  return 8 * saturate(sum(kind) / 3) - 4 * saturate(sum(unkind) / 2);
}

/** Share of the four-word sequences that stand in the prompt; 0 if there is none. */
function copiedShare(prompt: readonly string[], words: readonly string[]): number {
  const fours = (list: readonly string[]) =>
    list.slice(3).map((_, i) => list.slice(i, i + 4).join(" "));
  const asked = new Set(fours(prompt)), said = fours(words);
  return said.length === 0 ? 0 : said.filter((four) => asked.has(four)).length / said.length;
}

/** Irregular forms that their stem does not bring together. */
const GROUPS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    gave: "giv",
    stole: "steal",
    fought: "fight",
    broke: "break",
    bit: "bit",
    apologize: "sorr",
    apologized: "sorr",
  }),
);

function groupOf(word: string): string {
  return GROUPS.get(word) ?? stem(word);
}

function kindShare(words: readonly string[]): number {
  return words.length === 0 ? 0 : words.filter((word) => KIND.has(word)).length / words.length;
}

/** Words too common to say what a text is about, or to be overused. */
const COMMON: ReadonlySet<string> = new Set(
  ("a an the and but or so to of in on at by for from with up down out off over into was were is " +
    "are be been am it its he him his she her they them their you your we us our i me my this " +
    "that there then when who what had have has did do does not no one day very too all said " +
    "say says would could will can as if because after before both same only new").split(" "),
);

/** Share of words beyond the fourth use of a word that is not common. */
function overusedShare(words: readonly string[]): number {
  const counts = new Map<string, number>();
  let over = 0;
  for (const word of words) {
    if (COMMON.has(word)) continue;
    const count = (counts.get(word) ?? 0) + 1;
    counts.set(word, count);
    if (count > 4) over++;
  }
  return words.length === 0 ? 0 : over / words.length;
}

/** 1.2 points for coming back to the prompt's words, 0.4 for a pronoun that fits its people. */
function topicOf(prompt: string, words: readonly string[]): number {
  const about = wordsOf(prompt).map(withoutPossessive).filter((word) => !COMMON.has(word));
  const wanted = new Set(about.map(stem));
  const found = new Set(words.filter((word) => !COMMON.has(word)).map(stem));
  const hits = wanted.values().reduce((total, word) => total + Number(found.has(word)), 0);
  return 1.2 * saturate(hits / 1.2) + 0.4 * Number(words.some((word) => fits(about, word)));
}

const PRONOUN_OF: ReadonlyMap<string, string> = new Map(
  NAMES.map(({ name, pronoun }) => [name.toLowerCase(), pronoun]),
);
const FORMS: Readonly<Record<string, readonly string[]>> = {
  she: ["she", "her"],
  he: ["he", "his"],
};

/** Whether a pronoun can stand for someone in the prompt; without children either can. */
function fits(about: readonly string[], word: string): boolean {
  if (word === "they") return true;
  const children = about.flatMap((name) => PRONOUN_OF.get(name) ?? []);
  return (children.length > 0 ? children : ["she", "he"])
    .some((pronoun) => FORMS[pronoun].includes(word));
}

/** Capitalised words that are nobody new. */
const AT_HOME: ReadonlySet<string> = new Set(
  ("i i'm i'll i've i'd mom mommy mum mummy dad daddy grandma grandpa granny mr mrs miss god ok " +
    "yes no oh").split(" "),
);

/** How many names the continuation brings in that the prompt does not have. */
function strangersIn(prompt: string, continuation: string): number {
  const here = new Set(wordsOf(prompt).map(withoutPossessive));
  const strangers = new Set<string>();
  for (const match of continuation.matchAll(/[A-Z][A-Za-z']*/g)) {
    const word = withoutPossessive(match[0].toLowerCase());
    if (here.has(word) || AT_HOME.has(word)) continue;
    const before = continuation.slice(0, match.index).trimEnd();
    const opens = before === "" || /[.!?"'\n(:]$/.test(before);
    if (!opens || PRONOUN_OF.has(word)) strangers.add(word);
  }
  return strangers.size;
}
