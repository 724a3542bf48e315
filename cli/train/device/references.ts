// What answers are compared with: a dataset's preferred ones, else continuations of the policy that a run starts from,
// committed or sampled at the start.
import type { Device } from "../../../backend/mod.ts";
import { type AnswerOptions, answerPrompts, REFERENCE_KEY } from "../../../training/mod.ts";
import {
  loadReferences,
  type ReferenceSettings,
  type StoryReferences,
} from "../../../stories/references.ts";
import { NO_ANNOTATOR } from "../../judge/annotators.ts";
import type { Workload } from "./workload.ts";
import { type Prompt, promptIds, promptText } from "../../../scheduler/mod.ts";
import type { LoadedPlan } from "./loaded_plan.ts";
import type { RunPolicies } from "./run_policies.ts";

/** Texts to compare answers with, and where they are from. */
export interface References {
  /** One an evaluation prompt. */
  readonly texts: readonly string[];
  /** Whether they are the committed ones. */
  readonly committed: boolean;
}

/**
 * The committed texts where they are this run's, the dataset's preferred answers where it has some and is the measure,
 * else the continuations of the policy that the run starts from, sampled now.
 */
export async function referencesOf(
  { device, workload, config, policies: { start } }:
    & Pick<LoadedPlan, "device" | "workload" | "config">
    & { readonly policies: Pick<RunPolicies, "start"> },
  signal?: AbortSignal,
): Promise<References> {
  const { temperature, topP, maxNew } = config.sampling;
  const settings = { temperature, topP, maxNew };
  const prompts = workload.prompts.evaluation;
  if (workload.pairs !== undefined && config.method.annotator === NO_ANNOTATOR) {
    return { texts: prompts.map((prompt) => chosenText(workload, prompt)), committed: false };
  }
  const isEmbedded = config.files.model === undefined &&
    config.data.prompts === undefined && config.data.data === undefined && start === undefined;
  if (isEmbedded) {
    const texts = committedTexts(await loadReferences(), {
      model: workload.modelDigest,
      settings,
    }, prompts.map(promptText));
    if (texts !== undefined) return { texts, committed: true };
  }
  const { model, tokenizer } = workload;
  const texts = await sampleReferences(device, {
    ...{ model, tokenizer, prompts, ...settings },
    ...{ signal, adapter: start?.policy },
  });
  return { texts, committed: false };
}

/** The first preferred answer to a prompt. */
function chosenText({ pairs, tokenizer, sizes }: Workload, prompt: Prompt): string {
  const key = promptIds(tokenizer, prompt).join();
  const text = promptText(prompt);
  const { chosen } = pairs!.evaluation.find((pair) =>
    pair.text === text && pair.asked.join() === key
  )!;
  return tokenizer.decode(chosen.filter((id) => !sizes.eosId?.includes(id)));
}

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
