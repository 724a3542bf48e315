// Which prompts a phase visits: a pure function of the key, the same sequence whatever the cadence is.
import { fold, type Key, permutation } from "../core/mod.ts";
import type { Cadence } from "./cadence.ts";

/** A prompt in its place in the run. */
export interface PromptAtStep {
  /** Its text. */
  readonly text: string;
  /** Training step that its pair belongs to, from 0. */
  readonly step: number;
  /** Its number in the run, from 0: selects the random stream of its answers. */
  readonly stream: number;
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
  { prompts, pairsPerStep, cadence, key }: {
    readonly prompts: readonly string[];
    readonly pairsPerStep: number;
    readonly cadence: Cadence;
    readonly key: Key;
  },
  phase: number,
): PromptAtStep[] {
  const [from, to] = cadence.span(phase);
  const orders = new Map<number, Uint32Array>();
  return Array.from({ length: (to - from) * pairsPerStep }, (_, i) => {
    const stream = from * pairsPerStep + i;
    const epoch = Math.floor(stream / prompts.length);
    let order = orders.get(epoch);
    if (order === undefined) {
      order = permutation(fold(fold(key, "prompts"), epoch), prompts.length);
      orders.set(epoch, order);
    }
    return {
      text: prompts[order[stream % prompts.length]],
      step: Math.floor(stream / pairsPerStep),
      stream,
    };
  });
}
