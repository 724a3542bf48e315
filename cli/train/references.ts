// What answers are compared with: continuations of the SFT model itself, committed or sampled at the start.
import type { Device } from "../../backend/mod.ts";
import { type AnswerOptions, answerPrompts, REFERENCE_KEY } from "../../training/mod.ts";
import type { ReferenceSettings, StoryReferences } from "../../stories/references.ts";

/**
 * A policy's own continuations of the prompts.
 *
 * @returns One text a prompt, in order.
 */
export async function sampleReferences(
  device: Device,
  options: AnswerOptions,
): Promise<readonly string[]> {
  return (await answerPrompts(device, { ...options, key: REFERENCE_KEY })).texts;
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
