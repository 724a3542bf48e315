// Training examples to token ids within a budget that is said beforehand: what is cut is counted, an answer that was
// cut gets no end token, and an answer of no tokens never reaches the loss.
import { type RenderMessages, rowIds, textIds } from "./row_ids.ts";
import { RowCounter, type RowReport, UnusableRow } from "./row_report.ts";
import type {
  CompletionRow,
  Example,
  PreferenceRow,
  PromptRow,
  TextRow,
  UnpairedRow,
} from "./rows.ts";
import type { Tokenizer } from "./tokenizer.ts";

export type { RenderMessages };

/** The budget, and what else ids depend on. */
export interface EncodeExampleOptions {
  /** Most tokens of a prompt, BOS included; at least 1. */
  readonly maxPrompt: number;
  /** Most tokens of an answer, end token included; at least 1. */
  readonly maxCompletion: number;
  /** Which end of a long prompt is kept; default "keep_end". BOS stays in any case. */
  readonly promptSide?: "keep_end" | "keep_start";
  /** The end token; default the tokenizer's. `null`: none. */
  readonly eos?: number | null;
  /** The chat template; needed for examples that hold messages. */
  readonly render?: RenderMessages;
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
 * @throws {TypeError} While it is read: if there are messages and no `render`.
 */
export function encodeExamples<E extends Example>(
  examples: AsyncIterable<E> | Iterable<E>,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): EncodedStream<E> {
  checkBudget(options);
  const report = Object.assign(new RowCounter(), {
    promptsCut: 0,
    promptTokensCut: 0,
    completionsCut: 0,
    completionTokensCut: 0,
  });
  async function* encoded(): AsyncGenerator<Encoded<E>> {
    for await (const example of examples) {
      const result = report.take(example.place, () => encodeOne(example, tokenizer, options));
      if (result === undefined) continue;
      const { prompt, ...answers } = result.cut;
      report.promptsCut += prompt > 0 ? 1 : 0;
      report.promptTokensCut += prompt;
      for (const tokens of Object.values(answers)) {
        report.completionsCut += tokens > 0 ? 1 : 0;
        report.completionTokensCut += tokens;
      }
      yield result as Encoded<E>;
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
  return encodePair(row, tokenizer, options);
}

function checkBudget(options: EncodeExampleOptions): void {
  for (const name of ["maxPrompt", "maxCompletion"] as const) {
    if (Number.isSafeInteger(options[name]) && options[name] >= 1) continue;
    throw new RangeError(
      `Cannot encode examples: ${name} is ${options[name]}, expected a whole number of at least 1`,
    );
  }
}

function encodeOne(
  example: Example,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): EncodedPrompt | EncodedCompletion | EncodedPreference {
  switch (example.kind) {
    case "preference":
      return encodePair(example, tokenizer, options);
    case "prompt": {
      const { prompt } = rowIds(example, [], tokenizer, options.render);
      const { ids, cut } = cutPrompt(prompt, tokenizer, options);
      return { kind: "prompt", place: example.place, prompt: ids, cut: { prompt: cut } };
    }
    case "text":
      return encodeText(example, tokenizer, options);
    default:
      return encodeCompletion(example, tokenizer, options);
  }
}

function encodePair(
  row: PreferenceRow,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): EncodedPreference {
  const answers = [["chosen", row.chosen], ["rejected", row.rejected]] as const;
  const whole = rowIds(row, answers, tokenizer, options.render);
  const prompt = cutPrompt(whole.prompt, tokenizer, options);
  const [chosen, rejected] = whole.answers.map((ids, i) =>
    endAnswer(ids, answers[i][0], tokenizer, options)
  );
  const isSame = chosen.ids.length === rejected.ids.length &&
    chosen.ids.every((id, i) => id === rejected.ids[i]);
  if (isSame) throw new UnusableRow("chosen and rejected are the same within the budget");
  return {
    kind: "preference",
    place: row.place,
    prompt: prompt.ids,
    chosen: chosen.ids,
    rejected: rejected.ids,
    cut: { prompt: prompt.cut, chosen: chosen.cut, rejected: rejected.cut },
  };
}

function encodeCompletion(
  row: CompletionRow | UnpairedRow,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): EncodedCompletion {
  const answers = [["completion", row.completion]] as const;
  const whole = rowIds(row, answers, tokenizer, options.render);
  const prompt = cutPrompt(whole.prompt, tokenizer, options);
  const completion = endAnswer(whole.answers[0], "completion", tokenizer, options);
  return {
    kind: "completion",
    place: row.place,
    prompt: prompt.ids,
    completion: completion.ids,
    ...(row.kind === "unpaired" ? { label: row.label } : {}),
    cut: { prompt: prompt.cut, completion: completion.cut },
  };
}

/** Text alone: BOS is the prompt, or the first token where the tokenizer puts none. */
function encodeText(
  row: TextRow,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): EncodedCompletion {
  const { begin, ids } = textIds(row.text, tokenizer);
  const prompt = begin.length > 0 ? begin : ids.splice(0, 1);
  const completion = endAnswer(ids, "text", tokenizer, options);
  return {
    kind: "completion",
    place: row.place,
    prompt,
    completion: completion.ids,
    cut: { prompt: 0, completion: completion.cut },
  };
}

/** Cuts a prompt at the budget; its BOS stays. */
function cutPrompt(
  ids: number[],
  { bosId }: Tokenizer,
  { maxPrompt, promptSide = "keep_end" }: EncodeExampleOptions,
): { ids: number[]; cut: number } {
  const cut = Math.max(0, ids.length - maxPrompt);
  if (cut === 0) return { ids, cut };
  if (promptSide === "keep_start") return { ids: ids.slice(0, maxPrompt), cut };
  const head = ids[0] === bosId ? 1 : 0;
  return { ids: [...ids.slice(0, head), ...ids.slice(head + cut)], cut };
}

/** Puts the end token where the answer ends, and cuts at the budget. */
function endAnswer(
  ids: number[],
  name: string,
  tokenizer: Tokenizer,
  { maxCompletion, eos = tokenizer.eosId ?? null }: EncodeExampleOptions,
): { ids: number[]; cut: number } {
  if (ids.length === 0) throw new UnusableRow(`${name} has no tokens`);
  let whole = ids;
  if (eos !== null) {
    // Templates write the end token and then a line break: nothing after it is ever sampled.
    const end = ids.lastIndexOf(eos);
    const isEnded = end >= 0 && tokenizer.decode(ids.slice(end + 1)).trim() === "";
    whole = isEnded ? ids.slice(0, end + 1) : [...ids, eos];
    if (whole.length === 1) throw new UnusableRow(`${name} has no tokens`);
  }
  const cut = Math.max(0, whole.length - maxCompletion);
  return { ids: cut > 0 ? whole.slice(0, maxCompletion) : whole, cut };
}
