// Pairs whose verdict is known, asked again and again: an annotator that fails them is not asked anything else.
import { Mistake } from "../base/mistake.ts";
import { quote } from "../base/quote.ts";
import { type Annotator, askAnnotator, type Candidate } from "./annotator.ts";

/** A pair that has one right verdict. */
export interface Canary extends Candidate {
  /** The answer that must win. */
  readonly winner: "a" | "b";
}

/** When canaries are asked, and how many must be right. */
export interface CanaryOptions {
  /** Pairs between two askings; default 200. The first comes before anything else. */
  readonly every?: number;
  /** How many may be wrong at a time; default 0. */
  readonly mayFail?: number;
}

/** Answers of any request that nobody can prefer, against plain ones. */
export const CANARIES: readonly Canary[] = [
  {
    prompt: "What is 7 times 8? Answer with a number.",
    ...{ a: "7 times 8 is 56.", b: "7 times 8 is 54.", winner: "a" },
  },
  {
    prompt: "Name the capital of France.",
    a: "banana banana banana banana banana banana banana banana",
    ...{ b: "The capital of France is Paris.", winner: "b" },
  },
  {
    prompt: "Write one sentence about a dog that runs.",
    a: "The brown dog ran across the wet meadow.",
    ...{ b: "across dog the wet ran meadow brown The", winner: "a" },
  },
  {
    prompt: "Translate 'good morning' into German.",
    ...{ a: "Good morning.", b: "Guten Morgen.", winner: "b" },
  },
];

/**
 * Asks the canaries before the first pair and after every so many: while one of them is wrong, nothing else is asked, and
 * the call rejects, so that a run stops where it can go on. Their verdicts are nobody's labels.
 *
 * @example
 * ```ts
 * import { CANARIES, ruleAnnotator, withCanaries } from "@leash/bpo/core";
 * import { assertRejects } from "@std/assert";
 * const longest = withCanaries(ruleAnnotator("longest", (_, answer) => answer.length), CANARIES);
 * await assertRejects(() => longest.annotate([{ prompt: "Hi", a: "Hello", b: "Yo" }]), Error, "of 4 canaries");
 * ```
 *
 * @param inner Whom to ask.
 * @param canaries At least one.
 * @throws {RangeError} If there is none, or `every` is no whole number of at least 1.
 */
export function withCanaries(
  inner: Annotator,
  canaries: readonly Canary[],
  { every = 200, mayFail = 0 }: CanaryOptions = {},
): Annotator {
  if (canaries.length === 0 || !(Number.isInteger(every) && every >= 1)) {
    throw new RangeError(
      `Cannot watch annotator ${inner.name}: it has ${canaries.length} canaries every ${every} pairs, ` +
        "expected at least 1 of both",
    );
  }
  let left = 0; // pairs until the next asking
  const check = async (signal?: AbortSignal) => {
    const verdicts = await askAnnotator(inner, canaries, { signal, isFresh: true });
    const wrong = canaries.filter(({ winner }, i) => verdicts[i].outcome !== winner);
    if (wrong.length <= mayFail) return;
    const one = canaries.indexOf(wrong[0]);
    const { outcome, reason } = verdicts[one];
    throw new Mistake("annotator", {
      ...{ verb: "trust", thing: inner.name },
      found: `${wrong.length} of ${canaries.length} canaries got a wrong verdict (${
        quote(wrong[0].prompt)
      }: ${outcome}${reason === undefined ? "" : `, ${quote(reason)}`})`,
      expected: `${wrong[0].winner}`,
      fix: "Look at the annotator, or take another; then go on",
    });
  };
  return {
    name: inner.name,
    async annotate(pairs, options = {}) {
      const verdicts = [];
      for (let from = 0; from < pairs.length;) {
        if (left === 0) {
          await check(options.signal);
          left = every;
        }
        const part = pairs.slice(from, from + left);
        verdicts.push(...await askAnnotator(inner, part, options));
        left -= part.length;
        from += part.length;
      }
      return verdicts;
    },
  };
}
