// Training examples to token ids within a budget that is said beforehand: what is cut is counted, an answer that was
// cut gets no end token, and an answer of no tokens never reaches the loss.
import { checkBudget, type CutCount, type RowBudget, type RowLimit } from "./budget.ts";
import type { RenderMessages } from "./ids.ts";
import { type RowIdCounts, withOwnIds } from "./token_ids.ts";
import { RowCounter, type RowReport } from "./report.ts";
import type { Example, PreferenceRow, PromptRow } from "./rows.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Encoded, EncodedPreference, EncodedPrompt } from "./encoded.ts";
import { encodeAsked, type EncodeExampleOptions, encodeOne, encodePair } from "./encode_row.ts";
export type { CutCount, RenderMessages, RowBudget, RowLimit };

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
