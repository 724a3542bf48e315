// New pairs every phase: the snapshot answers, somebody says which answer wins.
import { type Annotator, type SamplingOptions, type Scheduled, valueAt } from "../../core/mod.ts";
import { phasePrompts, type Prompt } from "../../scheduler/prompts.ts";
import type { PairSelector } from "../selectors/selector.ts";
import { collect } from "./collect.ts";
import type { PairSource } from "./source.ts";

/** Whom to ask what. */
export interface OnlineOptions {
  /** Prompts, text or ids; each epoch visits them in a new random order. */
  readonly prompts: readonly Prompt[];
  /** Who says which answer wins. */
  readonly annotator: Annotator;
  /** How the behaviour policy draws tokens; a scheduled temperature is that of the phase's first step. */
  readonly sampling?: Omit<SamplingOptions, "temperature"> & { readonly temperature?: Scheduled };
  /** Most tokens of an answer. */
  readonly maxNew: number;
  /** Answers a prompt, at least 2; default 2. */
  readonly answers?: number;
  /** Which of them make pairs; default the first two. */
  readonly selector?: PairSelector;
}

/**
 * Pairs that are generated and annotated as the run goes: phase by phase by its newest snapshot.
 *
 * @example
 * ```ts
 * import { ruleAnnotator } from "@leash/bpo/core";
 * import { bestAndWorst, online } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const annotator = ruleAnnotator("short", (_prompt, answer) => -answer.length);
 * const source = online({ prompts: ["Hi"], annotator, maxNew: 8, answers: 4, selector: bestAndWorst() });
 * assertEquals(source.entries, 1);
 * ```
 *
 * @throws {RangeError} If `prompts` is empty.
 */
export function online(options: OnlineOptions): PairSource {
  const { prompts, sampling = {}, ...others } = options;
  if (prompts.length === 0) {
    throw new RangeError("Cannot plan the run: prompts is empty, expected at least 1");
  }
  return {
    entries: prompts.length,
    phase(request) {
      const { device, phase, cadence: { span } } = request;
      const temperature = valueAt(sampling.temperature ?? 1, span(phase)[0]);
      return collect(device, {
        ...{ ...others, ...request },
        sampling: { ...sampling, temperature },
        prompts: phasePrompts({ ...request, prompts }, phase),
      });
    },
  };
}
