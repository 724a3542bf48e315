// What examples become: ids, and how many tokens of each part the budget cut.
import type { Example, PreferenceRow, PromptRow } from "./rows.ts";

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
