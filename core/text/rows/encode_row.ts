// One row as ids within the budget: the end token where an answer ends, and a reason where a row cannot be used.
import { fitRow, type FittedRow, type RowBudget, type RowLimit } from "./budget.ts";
import { type RenderMessages, type RowIds, rowIds, textIds } from "./ids.ts";
import { fitOwnIds } from "./token_ids.ts";
import { UnusableRow } from "./report.ts";
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
import type { EncodedCompletion, EncodedPreference, EncodedPrompt } from "./encoded.ts";

/** The budget, and what else ids depend on. */
export interface EncodeExampleOptions extends RowBudget {
  /** The end token; default the tokenizer's. `null`: none. */
  readonly eos?: number | null;
  /** Further ids at which a text may end itself, so that no end token is put after them; default none. */
  readonly ends?: readonly number[];
  /** The chat template; needed for examples that hold messages. */
  readonly render?: RenderMessages;
  /** Whether the first example that cannot be used ends it with a Mistake; default it is counted. */
  readonly strict?: boolean;
}

/** A row in ids, and what it took to make it fit. */
interface Result<R> {
  readonly row: R;
  readonly fitted: Pick<FittedRow, "promptCut" | "answerCuts">;
  readonly special: boolean;
}

/** An example of any kind. */
export function encodeOne(
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

/** A prompt alone. */
export function encodeAsked(
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

/** A preference: refused where both answers are the same ids. */
export function encodePair(
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
