// Prompts of a command as the model reads them: from `--prompt` or a dataset, through the chat template where `--chat`
// says so, within the context.
import { goesOn } from "../../core/text/rows/ids.ts";
import { UnusableRow } from "../../core/text/rows/report.ts";
import {
  encodePrompt,
  type PromptRow,
  type RowText,
  type SamplingOptions,
} from "../../core/mod.ts";
import type { PromptSource } from "../../scheduler/mod.ts";
import type { BaseModel } from "../policy/base_model.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { type DataFlags, promptOf } from "./rows.ts";
import { Dialogues, promptWords, sourceOf } from "./dialogues.ts";
import { type SamplingChoice, USUAL_NEW } from "../flags/shared.ts";
import { UsageError } from "../terminal/mistake.ts";
import { usableRows } from "./usable_rows.ts";

/** A prompt in tokens. */
export interface PromptInTokens {
  /** Ids, begin token and a chat template's special tokens included. */
  readonly ids: readonly number[];
  /** As the user has it: text, or the dialogue. */
  readonly prompt: RowText;
  /** As programs that are given the row need it. */
  readonly source: PromptSource;
  /** For annotators and people. */
  readonly words: string;
  /** As text that a template has rendered: what the ids spell. */
  readonly rendered: string;
  /** `file:line`. */
  readonly place: string;
}

/** Values of the flags that a prompt and its room depend on. */
export interface PromptChoice extends Pick<DataFlags, "system" | "chat"> {
  /** Most tokens of the answer behind it. */
  readonly maxNew?: number;
}

/** The options of `generate` among the values of a command, for answers within this context. */
export function samplingOf(
  { temperature, topK, topP, minP, maxNew }: SamplingChoice,
  base: Pick<BaseModel, "positions">,
): Required<SamplingOptions> & { readonly maxNew: number } {
  return { temperature, topK, topP, minP, maxNew: answerBudget(maxNew, base) };
}

/** Most tokens of an answer: as given, else {@link USUAL_NEW}, or half of a context that is too short for that. */
export function answerBudget(
  given: number | undefined,
  { positions }: Pick<BaseModel, "positions">,
): number {
  return given ?? Math.min(USUAL_NEW, Math.max(1, positions >> 1));
}

/**
 * Most tokens of a prompt, so that an answer fits behind it.
 *
 * @throws {UsageError} If the answer alone does not.
 */
export function promptBudget(
  command: string,
  base: Pick<BaseModel, "positions">,
  flags: Pick<PromptChoice, "maxNew">,
): number {
  const { positions } = base;
  const maxNew = answerBudget(flags.maxNew, base);
  if (maxNew < positions) return positions - maxNew;
  throw new UsageError({
    verb: command,
    found: `--max-new is ${maxNew}`,
    expected: `fewer than the context's ${positions} tokens`,
    fix: `The nearest is ${positions - 1}`,
  });
}

/**
 * One prompt as `--prompt` has it. Text that is to be continued may spell special tokens; a turn is text throughout.
 *
 * @throws {UsageError} If it has no tokens or too many for an answer of `maxNew` behind it.
 */
export function askedText(
  command: string,
  base: BaseModel,
  text: string,
  flags: PromptChoice,
): PromptInTokens {
  const most = promptBudget(command, base, flags);
  const dialogues = new Dialogues(flags, base);
  const row: PromptRow = { kind: "prompt", place: "--prompt", prompt: text };
  const turned = dialogues.turn(row);
  const ids = typeof turned.prompt === "string"
    ? textIds(base, text)
    : turnIds(command, turned, dialogues);
  if (ids.length === 0 || ids.length > most) {
    throw new UsageError({
      verb: command,
      found: `--prompt has ${ids.length} tokens`,
      expected: `1 to ${most} so that the answer fits in the context`,
    });
  }
  const rendered = renderedOf(base, turned);
  return { ids, prompt: text, source: { prompt: text }, words: text, rendered, place: "--prompt" };
}

function turnIds(command: string, row: PromptRow, dialogues: Dialogues): number[] {
  try {
    return encodePrompt(row, ...dialogues.encoding({})).prompt;
  } catch (error) {
    if (!(error instanceof UnusableRow)) throw error;
    throw new UsageError({
      verb: command,
      found: `--prompt cannot be used: ${error.found}`,
      expected: "a question",
    });
  }
}

/** Ids of text to be continued, begin token first where the model's files say so, and where there is no other. */
export function textIds({ tokenizer, addsBos }: BaseModel, text: string): number[] {
  const ids = tokenizer.encode(text);
  const { bosId } = tokenizer;
  const begins = (addsBos && ids[0] !== bosId) || ids.length === 0;
  return begins && bosId !== undefined ? [bosId, ...ids] : ids;
}

/**
 * The prompts of a dataset of any format; what was not used or cut is said on the error stream.
 *
 * @param flags `data` is the source; a prompt is cut where an answer of `maxNew` would not fit behind it.
 * @throws {UsageError} If none can be used, or `maxNew` leaves no room for one.
 * @throws {Mistake} If the dataset cannot be read.
 */
export async function promptsInTokens(
  command: string,
  base: BaseModel,
  flags: DataFlags & PromptChoice,
  options: CommandOptions,
): Promise<PromptInTokens[]> {
  const most = promptBudget(command, base, flags);
  return await usableRows(command, flags, base, {
    noun: "prompt",
    choose: promptOf,
    budget: { maxPrompt: most },
    limits: {
      maxPrompt: `--context ${base.positions} before an answer of --max-new ${
        base.positions - most
      }`,
    },
    keep({ encoded: { prompt: ids }, chosen, row }) {
      const { place, prompt } = chosen;
      const [words, source] = [promptWords(row.prompt), sourceOf(chosen, row)];
      return { place, prompt, source, words, rendered: renderedOf(base, row), ids };
    },
  }, options);
}

function renderedOf({ chat }: BaseModel, { prompt, tools }: PromptRow): string {
  if (typeof prompt === "string") return prompt;
  const open = goesOn(prompt) ? { continueFinalMessage: true } : { addGenerationPrompt: true };
  try {
    return chat!.render(prompt, { ...open, ...(tools ? { tools } : {}) });
  } catch {
    return ""; // whoever encodes it counts it and says why
  }
}
