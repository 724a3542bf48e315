// deno-lint-ignore-file no-console
// Writes the opening sentences of the stories task: same script, same sentences.
//   deno run -A tools/prompts/make_prompts.ts TRAIN_TEXT stories/assets
import { cleanText } from "../../stories/clean_text.ts";
import { type ChildName, NAMES } from "../../stories/names.ts";
import { wordsOf } from "../../stories/words.ts";
import { EVALUATION_FRAMES, FRAMES, MORE_SLOTS, SLOTS } from "./templates.ts";

/** How many prompts of each kind are committed. */
export const COUNTS = { train: 1536, evaluation: 256 } as const;

const SEED = 20_261_123;

/** Most that an evaluation prompt has in common with any training prompt. */
export const MOST_ALIKE = 0.6;

/** How alike two sentences are: the words that both have among the words that either has, 0 to 1. */
export function wordJaccard(a: string, b: string): number {
  const [first, second] = [a, b].map((text) => new Set(wordsOf(text)));
  return first.intersection(second).size / Math.max(1, first.union(second).size);
}

/** A sentence and what it was made of, names aside. */
export interface Prompt {
  /** The opening sentence. */
  readonly text: string;
  /** Frame and fillings without the names: no two prompts share it. */
  readonly filling: string;
}

/** Uniform numbers in [0, 1) from a 32-bit state (a Weyl sequence through Murmur's finaliser). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
}

const PRONOUNS = {
  she: { he: "she", him: "her", his: "her" },
  he: { he: "he", him: "him", his: "his" },
} as const;

/** Fills a frame with random words and two different children. */
export function fillFrame(frame: string, random: () => number): Prompt {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const n: ChildName = pick(NAMES);
  const m: ChildName = pick(NAMES.filter(({ name }) => name !== n.name));
  const words: Record<string, string> = { n: n.name, m: m.name, ...PRONOUNS[n.pronoun] };
  const used = new Set<string>();
  const filling: string[] = [frame];
  const filled = frame.replace(/\{(\w+)\}/g, (_, slot: string) => {
    if (slot in words) return words[slot];
    const list = SLOTS[slot] ?? MORE_SLOTS[slot];
    if (list === undefined) throw new TypeError(`Cannot fill a frame: {${slot}} in "${frame}"`);
    const word = pick(list.filter((candidate) => !used.has(candidate)));
    used.add(word);
    filling.push(word);
    return word;
  });
  const text = filled.replace(/\b([Aa])\(n\) (\w)/g, (_, a: string, first: string) => {
    return `${a}${/[aeiou]/.test(first) ? "n" : ""} ${first}`;
  }).replace(/\b([Aa]) ([aeiou])/g, "$1n $2");
  return { text, filling: filling.join("|") };
}

/**
 * Distinct prompts, in frames by turns: no sentence twice, no frame with the same fillings twice, none of them in
 * `trainText`.
 *
 * @param count How many.
 * @param trainText The language model's training text.
 * @param allowed Whether a word may be used.
 * @param frames Sentence frames.
 * @param others Sentences that none may resemble: `wordJaccard` below `MOST_ALIKE` with each.
 * @returns Prompts in random order.
 */
export function makePrompts(
  count: number,
  trainText: string,
  allowed: (word: string) => boolean,
  frames: readonly string[] = FRAMES,
  others: readonly string[] = [],
): string[] {
  const random = makeRandom(SEED);
  const texts = new Set<string>();
  const fillings = new Set<string>();
  for (let i = 0, last = 0; texts.size < count; i++) {
    if (i - last > 5000) throw new RangeError(`Cannot make ${count} prompts: words ran out`);
    const { text, filling } = fillFrame(frames[i % frames.length], random);
    const words = wordsOf(text);
    if (words.length < 6 || words.length > 16) continue;
    if (texts.has(text) || fillings.has(filling) || trainText.includes(text)) continue;
    if (others.some((other) => wordJaccard(text, other) >= MOST_ALIKE)) continue;
    const strange = words.map((word) => word.replace(/'s$/, "")).find((word) => !allowed(word));
    if (strange) throw new TypeError(`Cannot use "${strange}" in a prompt: it is not in words.txt`);
    last = i;
    texts.add(text);
    fillings.add(filling);
  }
  const list = [...texts];
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

/** Prompts of the training frames that nobody uses: an earlier version evaluated on them. */
const SET_ASIDE = 256;

/** Both lists; each evaluation prompt is in a frame of its own kind and resembles no training prompt. */
export function bothLists(
  trainText: string,
  allowed: (word: string) => boolean,
): { readonly train: readonly string[]; readonly evaluation: readonly string[] } {
  const train = makePrompts(SET_ASIDE + COUNTS.train, trainText, allowed).slice(SET_ASIDE);
  const evaluation = makePrompts(
    COUNTS.evaluation,
    trainText,
    allowed,
    EVALUATION_FRAMES,
    train,
  );
  return { train, evaluation };
}

if (import.meta.main) {
  const [textFile, folder] = Deno.args;
  const trainText = cleanText(await Deno.readTextFile(textFile));
  const words = new Set((await Deno.readTextFile(`${folder}/words.txt`)).split("\n"));
  const allowed = (word: string): boolean => words.has(word);
  const { train, evaluation } = bothLists(trainText, allowed);
  const parts = { eval: evaluation, train };
  for (const [part, prompts] of Object.entries(parts)) {
    const file = `${folder}/${part}_prompts.json`;
    await Deno.writeTextFile(file, JSON.stringify(prompts, null, 1) + "\n");
    console.log(`${file}: ${prompts.length} prompts`);
  }
}
