// A policy's answers to prompts, drawn by fixed random keys, so that the same policy says the same in every run.
import type { Device } from "../backend/mod.ts";
import {
  type Adapter,
  type Completion,
  completionText,
  fold,
  generate,
  type Key,
  keyOf,
  type Model,
  type SamplingOptions,
  type Tokenizer,
} from "../core/mod.ts";
import { type Prompt, promptIds } from "../scheduler/prompts.ts";

/** Draws the reference texts. It is no run's, so that every seed is measured against the same texts. */
export const REFERENCE_KEY: Key = fold(keyOf(0), "reference texts");

/** Draws the policy's answers: other streams than the references', else the start would only meet its own words. */
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
  /** Draws them; default {@linkcode ANSWER_KEY}. */
  readonly key?: Key;
  /** Stops between chunks of generation. */
  readonly signal?: AbortSignal;
}

/** Answers, one a prompt, in order. */
export interface PolicyAnswers {
  /** Ids of the prompts. */
  readonly ids: readonly (readonly number[])[];
  /** What was drawn. */
  readonly completions: readonly Completion[];
  /** The same as text, without end tokens. */
  readonly texts: readonly string[];
}

/**
 * A policy answers prompts.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { tinyModel } from "@leash/bpo/core";
 * import { answerPrompts } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const tokenizer = {
 *   ...{ vocabSize: 16, bosId: 1, eosId: 2, padId: 0 },
 *   encode: (text: string) => Array.from(text, (c) => 3 + c.charCodeAt(0) % 13),
 *   decode: (ids: ArrayLike<number>) => Array.from(ids, (id) => String.fromCharCode(97 + id)).join(""),
 * };
 * const options = { model, tokenizer, prompts: ["ab", "c"], maxNew: 4 };
 * const { texts } = await answerPrompts(device, options);
 * assertEquals((await answerPrompts(device, options)).texts, texts); // the same whenever it is asked
 * ```
 */
export async function answerPrompts(
  device: Device,
  { key = ANSWER_KEY, ...options }: AnswerOptions,
): Promise<PolicyAnswers> {
  const { model, tokenizer, prompts } = options;
  const ids = prompts.map((prompt) => promptIds(tokenizer, prompt));
  const completions = await generate(device, model, ids, { ...options, key });
  return { ids, completions, texts: completions.map((one) => completionText(tokenizer, one)) };
}
