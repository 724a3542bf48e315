// Training examples to token ids within a budget that is said beforehand: what is cut is counted, an answer that was
// cut gets no end token, and an answer of no tokens never reaches the loss.
import {
  checkBudget,
  type CutCount,
  fitRow,
  type FittedRow,
  type RowBudget,
  type RowLimit,
} from "./budget.ts";
import { type RenderMessages, type RowIds, rowIds, textIds } from "./ids.ts";
import { fitOwnIds, type RowIdCounts, withOwnIds } from "./token_ids.ts";
import { RowCounter, type RowReport, UnusableRow } from "./report.ts";
import type {
  CompletionRow,
  Example,
  PreferenceRow,
  PromptRow,
  RowText,
  TextRow,
  UnpairedRow,
} from "./rows.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

export type { CutCount, RenderMessages, RowBudget, RowLimit };

/** The budget, and what else ids depend on. */
export interface EncodeExampleOptions extends RowBudget {
  /** The end token; default the tokenizer's. `null`: none. */
  readonly eos?: number | null;
  /** Further ids at which a text may end itself, so that no end token is put after them; default none. */
  readonly ends?: readonly number[];
  /** The chat template; needed for examples that hold messages. */
  readonly render?: RenderMessages;
  /** Whether the first example that cannot be used ends it with a TypeError; default it is counted. */
  readonly strict?: boolean;
}

/** A prompt in tokens. */
export interface EncodedPrompt {
  /** What it is. */
  readonly kind: "prompt";
  /** `file:line`. */
  readonly place: string;
  /** Ids, BOS first where the tokenizer puts one. */
  readonly prompt: number[];
  /** Tokens that the budget cut. */
  readonly cut: { readonly prompt: number };
}

/** A prompt and one answer in tokens; `label` says of an unpaired row whether it is wanted. */
export interface EncodedCompletion {
  /** What it is. */
  readonly kind: "completion";
  /** `file:line`. */
  readonly place: string;
  /** Ids, BOS first where the tokenizer puts one. */
  readonly prompt: number[];
  /** Ids, the end token last unless it was cut. */
  readonly completion: number[];
  /** Of an unpaired row. */
  readonly label?: boolean;
  /** Tokens that the budget cut. */
  readonly cut: { readonly prompt: number; readonly completion: number };
}

/** A preference in tokens. */
export interface EncodedPreference {
  /** What it is. */
  readonly kind: "preference";
  /** `file:line`. */
  readonly place: string;
  /** Ids, BOS first where the tokenizer puts one. */
  readonly prompt: number[];
  /** Ids of the preferred answer, the end token last unless it was cut. */
  readonly chosen: number[];
  /** Ids of the other. */
  readonly rejected: number[];
  /** Tokens that the budget cut. */
  readonly cut: { readonly prompt: number; readonly chosen: number; readonly rejected: number };
}

/** What an example of a kind becomes. */
export type Encoded<E extends Example> = E extends PreferenceRow ? EncodedPreference
  : E extends PromptRow ? EncodedPrompt
  : EncodedCompletion;

/** Counts of rows and of what the budget cut. */
export interface EncodingReport extends RowReport {
  /** Prompts that lost tokens. */
  readonly promptsCut: number;
  /** Tokens that they lost. */
  readonly promptTokensCut: number;
  /** Answers that lost tokens. */
  readonly completionsCut: number;
  /** Tokens that they lost. */
  readonly completionTokensCut: number;
  /** The same by the limit that cut. */
  readonly cutBy: Readonly<Record<RowLimit, Readonly<CutCount>>>;
  /** Rows of text that spell special tokens, which are read as such. */
  readonly special: number;
  /** Rows that bring ids along, by what became of them. */
  readonly ids: Readonly<RowIdCounts>;
}

/** Encoded examples one by one; the report counts along. */
export interface EncodedStream<E extends Example> extends AsyncIterable<Encoded<E>> {
  /** What became of the examples so far. */
  readonly report: EncodingReport;
}

/**
 * Encodes examples as they come; one that cannot be used is counted with its reason and its place.
 *
 * @example
 * ```ts
 * import { encodeExamples } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = {
 *   ...{ vocabSize: 99, bosId: 1, eosId: 2, padId: 0, decode: () => "" },
 *   encode: (text: string) => Array.from(text, (_, i) => 10 + i),
 * };
 * const row = { kind: "completion" as const, place: "a.jsonl:1", prompt: "Hi", completion: "abcd" };
 * const encoded = encodeExamples([row], tokenizer, { maxPrompt: 8, maxCompletion: 3 });
 * const [{ completion, cut }] = await Array.fromAsync(encoded);
 * assertEquals(completion, [12, 13, 14]); // after "Hi"; cut, so no end token
 * assertEquals([cut.completion, encoded.report.completionsCut], [2, 1]);
 * ```
 *
 * @param examples Examples of any kinds.
 * @param tokenizer The model's.
 * @param options The budget, and the chat template where there are messages.
 * @returns The examples in order, and the counts.
 * @throws {RangeError} If a budget is not a whole number of at least 1.
 * @throws {TypeError} While it is read: if there are messages and no `render`, or a row cannot be used and `strict` is
 * set.
 */
export function encodeExamples<E extends Example>(
  examples: AsyncIterable<E> | Iterable<E>,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): EncodedStream<E> {
  checkBudget(options);
  const none = () => ({ prompts: 0, promptTokens: 0, completions: 0, completionTokens: 0 });
  const cutBy = { maxPrompt: none(), maxCompletion: none(), maxLength: none() };
  const report = Object.assign(new RowCounter(options), {
    promptsCut: 0,
    promptTokensCut: 0,
    completionsCut: 0,
    completionTokensCut: 0,
    cutBy,
    special: 0,
    ids: { own: 0, foreign: 0, changed: 0 },
  });
  async function* encoded(): AsyncGenerator<Encoded<E>> {
    for await (const example of withOwnIds(examples, tokenizer, report.ids)) {
      const result = report.take(example.place, () => encodeOne(example, tokenizer, options));
      if (result === undefined) continue;
      const { row, fitted: { promptCut, answerCuts }, special } = result;
      report.special += special ? 1 : 0;
      if (promptCut !== undefined) {
        report.promptsCut++;
        report.promptTokensCut += promptCut.tokens;
        cutBy[promptCut.by].prompts++;
        cutBy[promptCut.by].promptTokens += promptCut.tokens;
      }
      for (const cut of answerCuts) {
        if (cut === undefined) continue;
        report.completionsCut++;
        report.completionTokensCut += cut.tokens;
        cutBy[cut.by].completions++;
        cutBy[cut.by].completionTokens += cut.tokens;
      }
      yield row as Encoded<E>;
    }
  }
  return { report, [Symbol.asyncIterator]: encoded };
}

/**
 * Encodes one preference.
 *
 * @example
 * ```ts
 * import { encodePreference } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = {
 *   ...{ vocabSize: 200, bosId: 1, eosId: 2, padId: 0, decode: () => "" },
 *   encode: (text: string) => Array.from(text, (c) => c.charCodeAt(0)),
 * };
 * const row = { prompt: "abc", chosen: "d", rejected: "e", place: "pairs.csv:2" };
 * const options = { maxPrompt: 3, maxCompletion: 4, promptSide: "keep_end" as const };
 * assertEquals(encodePreference({ kind: "preference", ...row }, tokenizer, options), {
 *   ...{ kind: "preference", place: "pairs.csv:2", prompt: [1, 98, 99] },
 *   ...{ chosen: [100, 2], rejected: [101, 2], cut: { prompt: 1, chosen: 0, rejected: 0 } },
 * });
 * ```
 *
 * @param row The preference.
 * @param tokenizer The model's.
 * @param options The budget, and the chat template where there are messages.
 * @returns Ids, and how many tokens were cut.
 * @throws {RangeError} If a budget is not a whole number of at least 1.
 * @throws {Error} If the row cannot be used; the message is the reason, such as "chosen has no tokens".
 */
export function encodePreference(
  row: PreferenceRow,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): EncodedPreference {
  checkBudget(options);
  return encodePair(row, tokenizer, options).row;
}

/**
 * Encodes one prompt.
 *
 * @example
 * ```ts
 * import { encodePrompt } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = {
 *   ...{ vocabSize: 200, bosId: 1, eosId: 2, padId: 0, decode: () => "" },
 *   encode: (text: string) => Array.from(text, (c) => c.charCodeAt(0)),
 * };
 * const row = { kind: "prompt" as const, prompt: "abc", place: "prompts.txt:2" };
 * assertEquals(encodePrompt(row, tokenizer, { maxPrompt: 3 }).prompt, [1, 98, 99]);
 * ```
 *
 * @param row The prompt.
 * @param tokenizer The model's.
 * @param options The budget, and the chat template where there are messages.
 * @returns Ids, and how many tokens were cut.
 * @throws {RangeError} If a budget is not a whole number of at least 1.
 * @throws {Error} If the row cannot be used; the message is the reason.
 */
export function encodePrompt(
  row: PromptRow,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): EncodedPrompt {
  checkBudget(options);
  return encodeAsked(row, tokenizer, options).row;
}

/** A row in ids, and what it took to make it fit. */
interface Result<R> {
  readonly row: R;
  readonly fitted: Pick<FittedRow, "promptCut" | "answerCuts">;
  readonly special: boolean;
}

function encodeOne(
  example: Example,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): Result<EncodedPrompt | EncodedCompletion | EncodedPreference> {
  switch (example.kind) {
    case "preference":
      return encodePair(example, tokenizer, options);
    case "prompt":
      return encodeAsked(example, tokenizer, options);
    case "text":
      return encodeText(example, tokenizer, options);
    default:
      return encodeCompletion(example, tokenizer, options);
  }
}

function encodeAsked(
  row: PromptRow,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): Result<EncodedPrompt> {
  const { fitted, special } = fittedIds(row, [], tokenizer, options);
  const { prompt, promptCut } = fitted;
  const cut = { prompt: promptCut?.tokens ?? 0 };
  return { row: { kind: "prompt", place: row.place, prompt, cut }, fitted, special };
}

/** Ids of a prompt and its answers within the budget. */
function fittedIds(
  row: Pick<PreferenceRow, "prompt" | "tools" | "ids">,
  answers: readonly (readonly [name: string, answer: RowText])[],
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): { fitted: FittedRow; special: boolean } {
  if (row.ids !== undefined) {
    return { fitted: fitOwnIds(row.ids, answers, tokenizer, options), special: false };
  }
  const { render } = options;
  const ids: RowIds = rowIds(row, answers, tokenizer, render);
  if (ids.prompt.length === 0) throw new UnusableRow("prompt has no tokens");
  const ended = (answer: number[], i: number) =>
    endedAnswer(answer, answers[i], tokenizer, options);
  const fitted = fitRow(ids, { row, answers, render, ended }, tokenizer, options);
  return { fitted, special: ids.special };
}

function encodePair(
  row: PreferenceRow,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): Result<EncodedPreference> {
  const { place } = row;
  const both = [["chosen", row.chosen], ["rejected", row.rejected]] as const;
  const { fitted, special } = fittedIds(row, both, tokenizer, options);
  const { prompt, answers: [chosen, rejected], promptCut, answerCuts } = fitted;
  const isSame = chosen.length === rejected.length && chosen.every((id, i) => id === rejected[i]);
  if (isSame) {
    throw new UnusableRow(
      answerCuts.some((cut) => cut !== undefined)
        ? "chosen and rejected are the same within the budget"
        : "chosen and rejected are the same in tokens",
    );
  }
  const [chosenCut, rejectedCut] = answerCuts.map((cut) => cut?.tokens ?? 0);
  const cut = { prompt: promptCut?.tokens ?? 0, chosen: chosenCut, rejected: rejectedCut };
  return { row: { kind: "preference", place, prompt, chosen, rejected, cut }, fitted, special };
}

function encodeCompletion(
  row: CompletionRow | UnpairedRow,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): Result<EncodedCompletion> {
  const answers = [["completion", row.completion]] as const;
  const { fitted, special } = fittedIds(row, answers, tokenizer, options);
  const { prompt, answers: [completion], promptCut, answerCuts: [answerCut] } = fitted;
  const encoded: EncodedCompletion = {
    kind: "completion",
    place: row.place,
    prompt,
    completion,
    ...(row.kind === "unpaired" ? { label: row.label } : {}),
    cut: { prompt: promptCut?.tokens ?? 0, completion: answerCut?.tokens ?? 0 },
  };
  return { row: encoded, fitted, special };
}

/** Text alone: BOS is the prompt, or the first token where the tokenizer puts none. */
function encodeText(
  { place, text }: TextRow,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): Result<EncodedCompletion> {
  const { begin, ids, special } = textIds(text, tokenizer);
  const prompt = begin.length > 0 ? begin : ids.splice(0, 1);
  if (prompt.length > 0 && begin.length === 0 && ids.length === 0) {
    throw new UnusableRow(
      "text has 1 token, expected more: nothing stands before it to predict it",
    );
  }
  const whole = endedAnswer(ids, ["text", text], tokenizer, options);
  const { maxCompletion = Infinity, maxLength = Infinity } = options;
  const left = maxLength - prompt.length;
  const completion = whole.slice(0, Math.min(maxCompletion, left));
  const tokens = whole.length - completion.length;
  const by: RowLimit = maxCompletion <= left ? "maxCompletion" : "maxLength";
  return {
    row: { kind: "completion", place, prompt, completion, cut: { prompt: 0, completion: tokens } },
    fitted: { answerCuts: [tokens > 0 ? { by, tokens } : undefined] },
    special,
  };
}

/**
 * Puts the end token where the answer ends. A text that ends with one of its own, as rows do that a template has
 * rendered, gets no other.
 */
function endedAnswer(
  ids: number[],
  [name, answer]: readonly [name: string, answer: RowText],
  tokenizer: Tokenizer,
  { eos = tokenizer.eosId ?? null, ends = [] }: EncodeExampleOptions,
): number[] {
  if (ids.length === 0) throw new UnusableRow(`${name} has no tokens`);
  if (eos === null) return ids;
  // Templates write the end token and then a line break: nothing after it is ever sampled.
  const isEnd = (id: number) => id === eos || typeof answer === "string" && ends.includes(id);
  const end = ids.findLastIndex(isEnd);
  const isEnded = end >= 0 && tokenizer.decode(ids.slice(end + 1)).trim() === "";
  const whole = isEnded ? ids.slice(0, end + 1) : [...ids, eos];
  if (whole.length === 1) throw new UnusableRow(`${name} has no tokens`);
  return whole;
}
