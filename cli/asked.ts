// Prompts of a command as the model reads them: from `--prompt` or a dataset, through the chat template where `--chat`
// says so, within the context.
import { goesOn } from "../core/text/row_ids.ts";
import { encodeExamples, type Example, type PromptRow, type RowText } from "../core/mod.ts";
import type { PromptSource } from "../scheduler/mod.ts";
import type { BaseModel } from "./base_model.ts";
import type { CommandOptions } from "./commands/command.ts";
import { type DataFlags, openExamples, reportOf } from "./data.ts";
import { Dialogues, promptWords, sourceOf } from "./dialogues.ts";
import { UsageError } from "./flag_parser.ts";

/** A prompt in tokens. */
export interface Asked {
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

/** Values of the flags that prompts depend on. */
export type PromptChoice = Pick<DataFlags, "system" | "chat">;

/** Most tokens of a prompt, so that an answer fits behind it. */
export function promptBudget(
  command: string,
  { positions }: BaseModel,
  { maxNew }: { readonly maxNew: number },
): number {
  if (maxNew < positions) return positions - maxNew;
  throw new UsageError(
    `Cannot ${command}: --max-new is ${maxNew}, expected fewer than the context's ${positions} ` +
      `tokens. The nearest is ${positions - 1}`,
  );
}

/**
 * One prompt as `--prompt` has it. Text that is to be continued may spell special tokens; a turn is text throughout.
 *
 * @throws {UsageError} If it has no tokens or too many.
 */
export async function askedText(
  command: string,
  base: BaseModel,
  text: string,
  most: number,
  flags: PromptChoice,
): Promise<Asked> {
  const dialogues = new Dialogues(flags, base);
  const row: PromptRow = { kind: "prompt", place: "--prompt", prompt: text };
  const turned = dialogues.turn(row);
  const ids = typeof turned.prompt === "string" ? textIds(base, text) : (await Array.fromAsync(
    encodeExamples([turned], ...dialogues.encoding({ maxPrompt: 2 ** 31, maxCompletion: 1 })),
  ))[0]?.prompt ?? [];
  if (ids.length === 0 || ids.length > most) {
    throw new UsageError(
      `Cannot ${command}: --prompt has ${ids.length} tokens, expected 1 to ${most} so that the ` +
        "answer fits in the context",
    );
  }
  const rendered = renderedOf(base, turned);
  return { ids, prompt: text, source: { prompt: text }, words: text, rendered, place: "--prompt" };
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
 * @param flags `data` is the source.
 * @throws {UsageError} If none can be used.
 * @throws {TypeError} If the dataset cannot be read.
 */
export async function askedPrompts(
  command: string,
  base: BaseModel,
  flags: DataFlags,
  most: number,
  options: CommandOptions,
): Promise<Asked[]> {
  const stream = await openExamples(flags, base.tokenizer, options);
  const dialogues = new Dialogues(flags, base);
  const rows = new Map<string, Omit<Asked, "ids">>();
  async function* turned(): AsyncGenerator<PromptRow> {
    for await (const example of stream) {
      const row = promptOf(example);
      const turned = dialogues.turn(row);
      const { place, prompt } = row;
      const words = promptWords(turned.prompt);
      const source = sourceOf(row, turned);
      rows.set(place, { place, prompt, source, words, rendered: renderedOf(base, turned) });
      yield turned;
    }
  }
  const encoded = encodeExamples(
    turned(),
    ...dialogues.encoding({ maxPrompt: most, maxCompletion: 1 }),
  );
  const asked: Asked[] = [];
  for await (const { place, prompt } of encoded) asked.push({ ...rows.get(place)!, ids: prompt });
  const report = reportOf(stream.report, encoded.report, { rendered: dialogues.rendered });
  if (asked.length === 0) {
    throw new UsageError(
      `Cannot ${command}: ${flags.data} has no prompt that can be used, expected one (${report})`,
    );
  }
  options.terminal.error(`${flags.data}: ${report}`);
  return asked;
}

/** The side of an example that is asked. */
function promptOf(example: Example): PromptRow {
  const { place, tools } = example;
  const prompt = example.kind === "text" ? example.text : example.prompt;
  return { kind: "prompt", place, prompt, ...(tools ? { tools } : {}) };
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
