// What a budget cuts of a row, and only where the row does not fit: a prompt may use what its answers leave, whole turns
// go before words, and the system message goes last.
import { headLength, isSystem, type RenderMessages, type RowIds, rowIds } from "./ids.ts";
import type { Message, RowText } from "./rows.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { Mistake } from "../../base/mistake.ts";

/** Limits of a row, in tokens; one that is absent cuts nothing. */
export interface RowBudget {
  /** Most tokens of a prompt, BOS included; at least 1. */
  readonly maxPrompt?: number;
  /** Most tokens of an answer, end token included; at least 1. */
  readonly maxCompletion?: number;
  /** Most tokens of a prompt and one answer together; at least 2. A prompt is cut no further than to half of it. */
  readonly maxLength?: number;
  /** Which end of a long prompt is kept; default "keep_end". BOS stays in any case. */
  readonly promptSide?: "keep_end" | "keep_start";
}

/** Names of the limits. */
export type RowLimit = "maxPrompt" | "maxCompletion" | "maxLength";

/** What one limit cut. */
export interface CutCount {
  /** Prompts that lost tokens. */
  prompts: number;
  /** Tokens that they lost. */
  promptTokens: number;
  /** Answers that lost tokens. */
  completions: number;
  /** Tokens that they lost. */
  completionTokens: number;
}

/** What a part of a row lost, and to which limit. */
export interface Cut {
  /** The limit. */
  readonly by: RowLimit;
  /** Tokens that are gone. */
  readonly tokens: number;
}

/** A row that fits. */
export interface FittedRow {
  /** Ids of the prompt. */
  readonly prompt: number[];
  /** Ids of the answers; one that was cut has no end token. */
  readonly answers: number[][];
  /** What the prompt lost. */
  readonly promptCut?: Cut;
  /** What each answer lost. */
  readonly answerCuts: readonly (Cut | undefined)[];
}

/** A row before it is cut. */
export interface WholeRow {
  /** The prompt, and tools where a template describes them. */
  readonly row: { readonly prompt: RowText; readonly tools?: readonly unknown[] };
  /** Names and texts of the answers. */
  readonly answers: readonly (readonly [name: string, answer: RowText])[];
  /** For messages. */
  readonly render: RenderMessages | undefined;
  /** Puts the end token where answer `i` ends. */
  readonly ended: (ids: number[], i: number) => number[];
}

/** Refuses limits that hold nothing. */
export function checkBudget(budget: RowBudget): void {
  for (const [name, least] of [["maxPrompt", 1], ["maxCompletion", 1], ["maxLength", 2]] as const) {
    const most = budget[name];
    if (most === undefined || Number.isSafeInteger(most) && most >= least) continue;
    throw new Mistake("usage", {
      verb: "encode",
      thing: "examples",
      found: `${name} is ${most}`,
      expected: `a whole number of at least ${least}`,
    });
  }
}

/**
 * Cuts a row where it is too long: the oldest turns of its prompt, then the oldest words after the system message, and of
 * an answer what is left over at its end.
 *
 * @param ids The row in ids, whole, its answers as `rowIds` gives them.
 */
export function fitRow(
  ids: RowIds,
  whole: WholeRow,
  tokenizer: Tokenizer,
  budget: RowBudget,
): FittedRow {
  const { maxPrompt = Infinity, maxCompletion = Infinity, maxLength = Infinity } = budget;
  let answers = ids.answers.map(whole.ended);
  let prompt = ids.prompt;
  let promptCut: Cut | undefined;
  const longest = answers.reduce((most, { length }) => Math.max(most, length), 0);
  const share = Math.min(prompt.length, Math.floor(maxLength / 2));
  const room = Math.max(maxLength - Math.min(longest, maxCompletion), share);
  const most = Math.min(maxPrompt, room);
  if (prompt.length > most) {
    const shorter = shortened(ids, whole, tokenizer, most, budget);
    answers = shorter.answers.map(whole.ended);
    prompt = shorter.prompt;
    promptCut = {
      by: maxPrompt <= room ? "maxPrompt" : "maxLength",
      tokens: ids.prompt.length - prompt.length,
    };
  }
  const left = maxLength - prompt.length;
  const answerMost = Math.min(maxCompletion, left);
  const by = maxCompletion <= left ? "maxCompletion" : "maxLength";
  return {
    prompt,
    answers: answers.map((answer) => answer.slice(0, answerMost)),
    ...(promptCut ? { promptCut } : {}),
    answerCuts: answers.map(({ length }) =>
      length > answerMost ? { by, tokens: length - answerMost } : undefined
    ),
  };
}

/** The prompt in at most `most` ids: without its oldest turns, and where that is not enough without words. */
function shortened(
  ids: RowIds,
  { row, answers, render }: WholeRow,
  tokenizer: Tokenizer,
  most: number,
  { promptSide = "keep_end" }: RowBudget,
): RowIds {
  const begin = ids.prompt[0] === tokenizer.bosId ? 1 : 0;
  if (promptSide === "keep_start") return { ...ids, prompt: ids.prompt.slice(0, most) };
  const { prompt, tools } = row;
  if (typeof prompt === "string") return { ...ids, prompt: withoutMiddle(ids.prompt, begin, most) };
  const shorter = withoutTurns(prompt);
  const asIds = (turns: readonly Message[]) =>
    rowIds({ prompt: turns, tools }, answers, tokenizer, render);
  let from = 0, to = shorter.length; // the first that fits is in [from, to]
  let found: RowIds | undefined;
  while (from < to) {
    const middle = (from + to) >> 1;
    const tried = asIds(shorter[middle]);
    if (tried.prompt.length <= most) [found, to] = [tried, middle];
    else from = middle + 1;
  }
  if (found !== undefined) return found;
  const last = shorter.at(-1) ?? prompt;
  const least = shorter.length > 0 ? asIds(last) : ids;
  const head = headLength({ prompt: last, tools }, least.prompt, tokenizer, render);
  if (head < most) {
    return { ...least, prompt: withoutMiddle(least.prompt, Math.max(head, begin), most) };
  }
  const short = shorterSystem(last, (turns) => asIds(turns).prompt.length <= most);
  return short ? asIds(short) : { ...least, prompt: withoutMiddle(least.prompt, begin, most) };
}

/** The dialogue with as much of the start of its system message as fits; undefined where that is nothing. */
function shorterSystem(
  prompt: readonly Message[],
  fits: (prompt: readonly Message[]) => boolean,
): readonly Message[] | undefined {
  const [system, ...turns] = prompt;
  if (!isSystem(system.role)) return undefined;
  const points = Array.from(system.content);
  const cutAt = (n: number) => [{ ...system, content: points.slice(0, n).join("") }, ...turns];
  let from = 0, to = points.length; // it fits at `from`, if at all, and not at `to`
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (fits(cutAt(middle))) from = middle;
    else to = middle;
  }
  return from > 0 ? cutAt(from) : undefined;
}

/** Without its oldest turns after the system's, one question more each time; the last question stays. */
function withoutTurns(prompt: readonly Message[]): (readonly Message[])[] {
  const first = prompt.findIndex(({ role }) => !isSystem(role));
  const questions = prompt.flatMap(({ role }, i) => role === "user" && i > first ? [i] : []);
  return questions.map((at) => [...prompt.slice(0, first), ...prompt.slice(at)]);
}

/** A prompt in `most` ids: its first `head` and its end. */
export function withoutMiddle(ids: readonly number[], head: number, most: number): number[] {
  const first = Math.min(head, most - 1);
  return [...ids.slice(0, first), ...ids.slice(ids.length - (most - first))];
}
