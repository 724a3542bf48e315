// The training rule's own words for kind and unkind deeds. The held-out judge reads none of them.
import { stem } from "./words.ts";

/** Weight by word, every form written out; a deed for someone weighs more than a mood. */
function weights(groups: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  const table = new Map<string, number>();
  for (const [words, weight] of Object.entries(groups)) {
    for (const word of words.split(" ")) table.set(word, weight);
  }
  return table;
}

/**
 * Kind words → weight in (0, 1.2). The forms of one word stand together and count once in a text.
 */
export const KIND: ReadonlyMap<string, number> = weights({
  "help helps helped helping helpful helper": 1.1,
  "share shares shared sharing": 1.15,
  "hug hugs hugged hugging": 1.05,
  "thank thanks thanked thanking thankful": 1,
  "gave give gives giving": 0.75,
  "sorry apologize apologized": 0.85,
  "kind kindly kinder kindness": 1,
  "friend friends friendly friendship": 0.7,
  "together": 0.65,
  "smile smiles smiled smiling": 0.6,
  "happy happily happier happiness": 0.55,
});

/** Unkind words → weight in (0, 1.2]. */
export const UNKIND: ReadonlyMap<string, number> = weights({
  "hit hits hitting": 1.2,
  "kick kicked kicks": 0.9,
  "push pushed pushes": 0.9,
  "bite bites bit": 0.6,
  "hurt hurts hurting": 0.7,
  "mean meaner": 0.9,
  "yell yelled yells": 0.9,
  "shout shouted shouts": 0.4,
  "steal steals stole": 1.1,
  "grab grabbed grabs": 0.4,
  "fight fights fighting fought": 0.9,
  "hate hates hated": 1.2,
  "selfish": 1,
  "naughty": 0.7,
  "rude": 0.9,
  "bully bullied": 1.1,
  "refused refuse refuses": 0.7,
  "cry cries cried crying": 0.5,
  "broke break breaks breaking": 0.4,
});

/** Words that turn the next few around: "did not help". */
export const NEGATIONS: ReadonlySet<string> = new Set(
  ("not never no nobody cannot can't couldn't didn't doesn't don't isn't wasn't won't wouldn't " +
    "aren't weren't without").split(" "),
);

const TAKEN: ReadonlySet<string> = new Set(
  [...KIND.keys(), ...UNKIND.keys()].flatMap((word) => [word, stem(word)]),
);

/** Whether a word, or another form of it, is the training rule's. */
export function isRuleWord(word: string): boolean {
  return TAKEN.has(word) || TAKEN.has(stem(word));
}
