// What answers are compared with: continuations of the SFT model itself, committed or sampled at the start, and the
// fixed random keys of every evaluation.
import type { Device } from "../../backend/mod.ts";
import {
  type Adapter,
  fold,
  generate,
  type Key,
  keyOf,
  type Model,
  type SamplingOptions,
  type Tokenizer,
} from "../../core/mod.ts";
import { completionText, type Prompt, promptIds } from "../../scheduler/mod.ts";
import type { ReferenceSettings, StoryReferences } from "../../stories/references.ts";

/** Draws the reference texts. It is no run's, so that every seed is measured against the same texts. */
export const REFERENCE_KEY: Key = fold(keyOf(0), "reference texts");

/** Draws the policy's answers: other streams than the references', else the SFT model would only meet its own words. */
export const ANSWER_KEY: Key = fold(keyOf(0), "evaluation answers");

/** What to sample answers with. */
export interface AnswerOptions extends SamplingOptions {
  /** The frozen base. */
  readonly model: Model;
  /** Text to ids and back. */
  readonly tokenizer: Tokenizer;
  /** Prompts, text or ids. */
  readonly prompts: readonly Prompt[];
  /** Most tokens of an answer. */
  readonly maxNew: number;
  /** Adapter of the policy; absent for the bare model. */
  readonly adapter?: Adapter;
  /** Stops between chunks of generation. */
  readonly signal?: AbortSignal;
}

/**
 * A policy's own continuations of the prompts.
 *
 * @returns One text a prompt, in order.
 */
export async function sampleReferences(device: Device, options: AnswerOptions): Promise<string[]> {
  const { model, tokenizer, prompts } = options;
  const ids = prompts.map((prompt) => promptIds(tokenizer, prompt));
  const completions = await generate(device, model, ids, { ...options, key: REFERENCE_KEY });
  return completions.map((completion) => completionText(tokenizer, completion));
}

/**
 * The committed texts of these prompts, if they were sampled as this run evaluates; undefined where another model,
 * other prompts or other settings would make them another policy's.
 */
export function committedTexts(
  { model, settings, continuations }: StoryReferences,
  wanted: { readonly model: string; readonly settings: ReferenceSettings },
  prompts: readonly string[],
): readonly string[] | undefined {
  const { temperature, topP, maxNew } = wanted.settings;
  const same = model === wanted.model && settings.temperature === temperature &&
    settings.topP === topP && settings.maxNew === maxNew;
  if (!same) return undefined;
  const byPrompt = new Map(continuations.map(({ prompt, text }) => [prompt, text]));
  const texts = prompts.flatMap((prompt) => byPrompt.get(prompt) ?? []);
  return texts.length === prompts.length ? texts : undefined;
}
