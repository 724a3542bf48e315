// Training examples to token ids within a budget that is said beforehand: what is cut is counted, an answer that was
// cut gets no end token, and an answer of no tokens never reaches the loss.
import { RowCounter, type RowReport, UnusableRow } from "./row_report.ts";
import type {
  CompletionRow,
  Example,
  Message,
  PreferenceRow,
  PromptRow,
  RowText,
  TextRow,
  UnpairedRow,
} from "./rows.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** What special tokens are spelt with in the vocabularies that there are: `<|im_end|>`, `[INST]`, `<s>`. */
const BRACKET = /[<[｜]/;

/** Renders a dialogue as the model's chat template does. */
export type RenderMessages = (
  messages: readonly Message[],
  options: { readonly addGenerationPrompt: boolean; readonly tools?: readonly unknown[] },
) => string;

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
  /** Ids, BOS first where the tokenizer has one. */
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
  /** Ids, BOS first where the tokenizer has one. */
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
  /** Ids, BOS first where the tokenizer has one. */
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
 * assertEquals(completion, [10, 11, 12]); // cut, so no end token
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
      const { ids, cut } = encodePrompt(example, tokenizer, options);
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
  const prompt = encodePrompt(row, tokenizer, options);
  const chosen = encodeAnswer(row, "chosen", row.chosen, tokenizer, options);
  const rejected = encodeAnswer(row, "rejected", row.rejected, tokenizer, options);
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
  const prompt = encodePrompt(row, tokenizer, options);
  const completion = encodeAnswer(row, "completion", row.completion, tokenizer, options);
  return {
    kind: "completion",
    place: row.place,
    prompt: prompt.ids,
    completion: completion.ids,
    ...(row.kind === "unpaired" ? { label: row.label } : {}),
    cut: { prompt: prompt.cut, completion: completion.cut },
  };
}

/** Text alone: BOS is the prompt, or the first token where there is no BOS. */
function encodeText(
  row: TextRow,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): EncodedCompletion {
  const ids = idsOf(row.text, "text", tokenizer, false);
  const prompt = tokenizer.bosId === undefined ? ids.splice(0, 1) : [tokenizer.bosId];
  const completion = endAnswer(ids, "text", tokenizer, options);
  return {
    kind: "completion",
    place: row.place,
    prompt,
    completion: completion.ids,
    cut: { prompt: 0, completion: completion.cut },
  };
}

function encodePrompt(
  row: { readonly prompt: RowText; readonly tools?: readonly unknown[] },
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): { ids: number[]; cut: number } {
  const { maxPrompt, promptSide = "keep_end" } = options;
  const isText = typeof row.prompt === "string";
  const text = typeof row.prompt === "string"
    ? row.prompt
    : rendered(unforged(row.prompt, "prompt", tokenizer), true, row.tools, options);
  const encoded = idsOf(text, "prompt", tokenizer, !isText);
  const bos = isText ? tokenizer.bosId : undefined; // a template says itself where BOS stands
  const ids = bos === undefined || encoded[0] === bos ? encoded : [bos, ...encoded];
  const cut = Math.max(0, ids.length - maxPrompt);
  if (cut === 0) return { ids, cut };
  if (promptSide === "keep_start") return { ids: ids.slice(0, maxPrompt), cut };
  const head = ids[0] === tokenizer.bosId ? 1 : 0;
  return { ids: [...ids.slice(0, head), ...ids.slice(head + cut)], cut };
}

function encodeAnswer(
  row: { readonly prompt: RowText; readonly tools?: readonly unknown[] },
  name: string,
  answer: RowText,
  tokenizer: Tokenizer,
  options: EncodeExampleOptions,
): { ids: number[]; cut: number } {
  let text: string;
  if (typeof answer === "string") text = answer;
  else {
    if (typeof row.prompt === "string") {
      throw new UnusableRow(`${name} is messages, prompt is text`);
    }
    const before = rendered(row.prompt, true, row.tools, options);
    const turns = [...row.prompt, ...unforged(answer, name, tokenizer)];
    const whole = rendered(turns, false, row.tools, options);
    if (!whole.startsWith(before)) {
      throw new UnusableRow(`the chat template writes the prompt otherwise before ${name}`);
    }
    text = whole.slice(before.length);
  }
  const ids = idsOf(text, name, tokenizer, typeof answer !== "string");
  return endAnswer(ids, name, tokenizer, options);
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

/** Ids; only a template may spell special tokens, text from data stays text. */
function idsOf(
  text: string,
  name: string,
  tokenizer: Tokenizer,
  allowSpecial: boolean,
): number[] {
  try {
    return tokenizer.encode(text, { allowSpecial });
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new UnusableRow(`${name} has a piece that the tokenizer lacks`, { cause: error });
  }
}

/** Messages that spell no special token: within a template it would end a turn or forge a role. */
function unforged(
  messages: readonly Message[],
  name: string,
  tokenizer: Tokenizer,
): readonly Message[] {
  for (const { content } of messages) {
    if (!BRACKET.test(content)) continue;
    const [special, plain] = [true, false].map((allow) => idsOf(content, name, tokenizer, allow));
    if (special.length === plain.length && special.every((id, i) => id === plain[i])) continue;
    throw new UnusableRow(`a message of ${name} spells a special token`);
  }
  return messages;
}

function rendered(
  messages: readonly Message[],
  addGenerationPrompt: boolean,
  tools: readonly unknown[] | undefined,
  { render }: EncodeExampleOptions,
): string {
  if (render === undefined) {
    throw new TypeError(
      "Cannot encode messages: render is undefined, expected the model's chat template",
    );
  }
  try {
    return render(messages, { addGenerationPrompt, tools });
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new UnusableRow(`the chat template refuses it: ${why}`, { cause: error });
  }
}
