// Which prompts a phase visits: a pure function of the key, the same sequence whatever the cadence is.
import { fold, type Key, permutation, type Tokenizer } from "../core/mod.ts";
import type { Cadence } from "./cadence.ts";
import type { PromptSource } from "./pairs.ts";

/** What is to be continued: text, or text for people with the ids that the model reads in its place. */
export type Prompt = string | {
  /** What annotators and people see. */
  readonly text: string;
  /** Ids, begin token and a chat template's special tokens included; at least one. */
  readonly ids: readonly number[];
  /** What it was before; kept in the records. */
  readonly source?: PromptSource;
};

/** A prompt in its place in the run. */
export interface PromptAtStep {
  /** Its text. */
  readonly text: string;
  /** Its ids, where they are not those of the text. */
  readonly ids?: readonly number[];
  /** What it was before it became ids. */
  readonly source?: PromptSource;
  /** Training step that its pair belongs to, from 0. */
  readonly step: number;
  /** Its number in the run, from 0: selects the random stream of its answers. */
  readonly stream: number;
}

/** What a phase visits, and when. */
export interface VisitAtStep {
  /** Place in the list, from 0. */
  readonly index: number;
  /** Training step, from 0. */
  readonly step: number;
  /** Number of the visit in the run, from 0. */
  readonly stream: number;
}

/** How a run goes through a list. */
export interface VisitOptions {
  /** Visits a step, at least 1. */
  readonly pairsPerStep: number;
  /** When a phase begins and ends. */
  readonly cadence: Cadence;
  /** Of the run. */
  readonly key: Key;
}

/**
 * Which entries of a list a phase visits. Visit number i of a run does not depend on F; each epoch goes through the
 * list in a new random order.
 *
 * @example
 * ```ts
 * import { keyOf } from "@leash/bpo/core";
 * import { cadence, phaseVisits } from "@leash/bpo/scheduler";
 * import { assertEquals } from "@std/assert";
 * const options = { pairsPerStep: 2, cadence: cadence({ steps: 3, phases: 1 }), key: keyOf(1) };
 * const visits = phaseVisits(3, options, 0);
 * assertEquals(visits.map(({ step }) => step), [0, 0, 1, 1, 2, 2]);
 * assertEquals(new Set(visits.slice(0, 3).map(({ index }) => index)).size, 3); // an epoch
 * ```
 *
 * @param length Entries of the list, at least 1.
 * @param phase From 0.
 */
export function phaseVisits(
  length: number,
  { pairsPerStep, cadence, key }: VisitOptions,
  phase: number,
): VisitAtStep[] {
  const [from, to] = cadence.span(phase);
  const orders = new Map<number, Uint32Array>();
  return Array.from({ length: (to - from) * pairsPerStep }, (_, i) => {
    const stream = from * pairsPerStep + i;
    const epoch = Math.floor(stream / length);
    let order = orders.get(epoch);
    if (order === undefined) {
      order = permutation(fold(fold(key, "prompts"), epoch), length);
      orders.set(epoch, order);
    }
    return { index: order[stream % length], step: Math.floor(stream / pairsPerStep), stream };
  });
}

/**
 * Prompts of a phase. Prompt number i of a run does not depend on F, so every cadence sees the same prompts and
 * asks for the same number of annotations; each epoch visits the list in a new random order.
 *
 * @example
 * ```ts
 * import { keyOf } from "@leash/bpo/core";
 * import { cadence, phasePrompts } from "@leash/bpo/scheduler";
 * import { assert } from "@std/assert";
 * const options = { prompts: ["a", "b", "c"], pairsPerStep: 2, key: keyOf(1) };
 * const offline = phasePrompts({ ...options, cadence: cadence({ steps: 2, phases: 1 }) }, 0);
 * const second = phasePrompts({ ...options, cadence: cadence({ steps: 2, phases: 2 }) }, 1);
 * assert(offline.length === 4 && offline[2].text === second[0].text);
 * ```
 *
 * @param options `prompts`: all of them, at least one; `pairsPerStep` ≥ 1; `key` of the run.
 * @param phase From 0.
 */
export function phasePrompts(
  { prompts, ...options }: VisitOptions & { readonly prompts: readonly Prompt[] },
  phase: number,
): PromptAtStep[] {
  return phaseVisits(prompts.length, options, phase).map(({ index, step, stream }) => {
    const prompt = prompts[index];
    if (typeof prompt === "string") return { text: prompt, step, stream };
    return { ...prompt, step, stream };
  });
}

/**
 * Ids of a prompt: its own where it has some, else BOS where the tokenizer has one, then the text.
 *
 * @example
 * ```ts
 * import { promptIds } from "@leash/bpo/scheduler";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = {
 *   ...{ vocabSize: 9, bosId: 1, eosId: 2, padId: 0 },
 *   ...{ encode: () => [7, 8], decode: () => "Hi" },
 * };
 * assertEquals(promptIds(tokenizer, "Hi"), [1, 7, 8]);
 * assertEquals(promptIds(tokenizer, { text: "Hi", ids: [3, 7, 8, 4] }), [3, 7, 8, 4]);
 * ```
 */
export function promptIds(tokenizer: Tokenizer, prompt: Prompt): number[] {
  if (typeof prompt !== "string") return [...prompt.ids];
  const ids = tokenizer.encode(prompt);
  return tokenizer.bosId === undefined ? ids : [tokenizer.bosId, ...ids];
}

/**
 * Text of a prompt, for annotators and people.
 *
 * @example
 * ```ts
 * import { promptText } from "@leash/bpo/scheduler";
 * import { assertEquals } from "@std/assert";
 * assertEquals(["Hi", { text: "Hi", ids: [1] }].map(promptText), ["Hi", "Hi"]);
 * ```
 */
export function promptText(prompt: Prompt): string {
  return typeof prompt === "string" ? prompt : prompt.text;
}
