// Ids that a row brings along, as Leash writes them: where they are this tokenizer's they are what was sampled or trained,
// to the token, which its text need not be. Else the text is read, and that is counted.
import { fitRow, type FittedRow, type RowBudget } from "./budget.ts";
import type { Example, Message, PromptRow, RowText, RowTokenIds } from "./rows.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** How many rows brought ids, by what became of them. */
export interface RowIdCounts {
  /** They are this tokenizer's, and used. */
  own: number;
  /** They are another tokenizer's: the row's text is used. */
  foreign: number;
  /** They spell other text than the row has now: its text is used. */
  changed: number;
}

/** Columns of Leash's own files beside what a format reads; they are no text that was passed over. */
export const OWN_COLUMNS: ReadonlySet<string> = new Set([
  ...["tokenizer_hash", "trl_ids", "chosen_finish", "rejected_finish", "snapshot", "snapshot_hash"],
  ...["reference", "annotator", "verdict", "order", "reason", "place"],
]);

/**
 * The ids of a row, from the columns `tokenizer_hash`, `prompt_ids`, `chosen_ids` and `rejected_ids`; undefined where
 * the hash or the prompt's are not there.
 *
 * @param row The row as the file has it.
 */
export function rowTokenIds(row: Readonly<Record<string, unknown>>): RowTokenIds | undefined {
  const { tokenizer_hash: hash } = row;
  const [prompt, chosen, rejected] = ["prompt_ids", "chosen_ids", "rejected_ids"].map((column) =>
    idsOf(row[column])
  );
  if (typeof hash !== "string" || prompt === undefined) return undefined;
  return { hash, prompt, ...(chosen && rejected ? { chosen, rejected } : {}) };
}

function idsOf(value: unknown): number[] | undefined {
  const list = ArrayBuffer.isView(value) ? Array.from(value as Uint32Array) : value;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const ids = list.map(Number);
  return ids.every((id) => Number.isInteger(id) && id >= 0) ? ids : undefined;
}

/** Whose ids a kind of example needs beside the prompt's; what is not here is read as text. */
const ANSWERS: Partial<
  Readonly<Record<Example["kind"], readonly ("chosen" | "rejected" | "completion")[]>>
> = { preference: ["chosen", "rejected"], completion: ["completion"], prompt: [] };

/**
 * Leaves rows their ids only where they are this tokenizer's and spell the row's text.
 *
 * @param examples Examples of any kinds.
 * @param tokenizer The model's.
 * @param counts Counted along.
 */
export async function* withOwnIds<E extends Example>(
  examples: AsyncIterable<E> | Iterable<E>,
  tokenizer: Tokenizer,
  counts: RowIdCounts,
): AsyncGenerator<E> {
  for await (const example of examples) {
    const { ids, ...rest } = example as E & { readonly ids?: RowTokenIds };
    if (ids === undefined || ANSWERS[example.kind]?.every((name) => ids[name]) !== true) {
      yield ids === undefined ? example : rest as unknown as E;
      continue;
    }
    const isForeign = ids.hash !== await tokenizer.hash?.() || !isWithin(ids, tokenizer);
    const became = isForeign ? "foreign" : spells(example, ids, tokenizer) ? "own" : "changed";
    counts[became]++;
    yield became === "own" ? example : withoutRendering(rest) as E;
  }
}

/** Answers without what the template of other ids wrote for them. */
function withoutRendering(
  row: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const plain = Object.entries(row).map(([name, value]) => {
    if (!["chosen", "rejected", "completion"].includes(name) || !Array.isArray(value)) {
      return [name, value];
    }
    return [name, value.map(({ rendered: _, ...message }: Message) => message)];
  });
  return Object.fromEntries(plain);
}

/**
 * Ids that a row brings along within a budget. They are what was sampled or trained: no end token is put after an answer,
 * and of a prompt that is too long words are cut.
 *
 * @param own The row's.
 * @param answers Names and texts of its answers.
 */
export function fitOwnIds(
  own: RowTokenIds,
  answers: readonly (readonly [name: string, answer: RowText])[],
  tokenizer: Tokenizer,
  budget: RowBudget,
): FittedRow {
  const ids = {
    prompt: [...own.prompt],
    answers: answers.map(([name]) => [...own[name as "chosen" | "rejected" | "completion"]!]),
    special: false,
  };
  const ended = (answer: number[]) => answer;
  return fitRow(ids, { row: { prompt: "" }, answers, render: undefined, ended }, tokenizer, budget);
}

function isWithin({ hash: _, ...lists }: RowTokenIds, { vocabSize }: Tokenizer): boolean {
  return Object.values(lists).every((ids) => ids.every((id) => id < vocabSize));
}

/** Whether nobody has edited the text beside its ids. What a template writes of an assistant's or a tool's turn may differ. */
function spells(example: Example, ids: RowTokenIds, tokenizer: Tokenizer): boolean {
  const { prompt } = example as PromptRow;
  const asked = bare(tokenizer.spell!(ids.prompt));
  const isAsked = typeof prompt === "string"
    ? asked.endsWith(bare(prompt))
    : prompt.every(({ role, content }) =>
      !["system", "user"].includes(role) || asked.includes(bare(content))
    );
  return isAsked &&
    ANSWERS[example.kind]!.every((name) =>
      isAnswer((example as unknown as Record<typeof name, RowText>)[name], ids[name]!, tokenizer)
    );
}

function isAnswer(answer: RowText, ids: readonly number[], tokenizer: Tokenizer): boolean {
  if (typeof answer !== "string") {
    if (answer.length !== 1 || answer[0].tool_calls !== undefined) return true;
    return isAnswer(answer[0].content, ids, tokenizer);
  }
  const text = bare(answer);
  return [tokenizer.decode(ids), tokenizer.spell!(ids)].some((spelling) => bare(spelling) === text);
}

/** Without spaces, which templates and SentencePiece move, and without characters that were cut in two. */
function bare(text: string): string {
  return text.replace(/[\s\ufffd]+/g, "");
}
