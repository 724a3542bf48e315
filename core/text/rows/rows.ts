// What a line of a data file becomes: one internal type for every way that people write preference data down.
import type { ChatMessage } from "../template/chat_messages.ts";

/** One record of a data file, and where it stands. */
export interface DatasetRow {
  /** Its values by column. */
  readonly row: Readonly<Record<string, unknown>>;
  /** The file that it is from. */
  readonly file: string;
  /** What `number` counts: lines of a text file, or records of a file that has none. */
  readonly unit: "line" | "row";
  /** The line at which it begins, or its place among the records; from 1. */
  readonly number: number;
}

/** One turn of a dialogue from a data file; null fields are left out. */
export interface Message extends ChatMessage {
  /** What is said; empty where a turn only calls tools. */
  readonly content: string;
}

/** Text as it is, or turns that a chat template is to render. */
export type RowText = string | readonly Message[];

/** What every training example has. */
export interface ExampleBase {
  /** Where it is from, for people: `file:line`, or `file row n`. */
  readonly place: string;
  /** Tools that a chat template is to describe, as the file has them. */
  readonly tools?: readonly unknown[];
  /** The same as text, for models without a chat template, where the file says how a dialogue reads as text. */
  readonly plain?: PlainText;
  /** Ids that the file has beside the text; used where they are the model's tokenizer's. */
  readonly ids?: RowTokenIds;
}

/** Ids of a row as a file of Leash's has them. */
export interface RowTokenIds {
  /** Fingerprint of their tokenizer (`tokenizerHash`). */
  readonly hash: string;
  /** Of the prompt, begin token included. */
  readonly prompt: readonly number[];
  /** Of the preferred answer, the end token included where it has one. */
  readonly chosen?: readonly number[];
  /** Of the other. */
  readonly rejected?: readonly number[];
  /** Of the one answer that is wanted of the row. */
  readonly completion?: readonly number[];
}

/** The texts of an example whose fields hold messages. */
export interface PlainText {
  /** What is to be continued. */
  readonly prompt: string;
  /** The preferred completion. */
  readonly chosen?: string;
  /** The other. */
  readonly rejected?: string;
  /** The answer. */
  readonly completion?: string;
}

/** A preference between two completions of one prompt. */
export interface PreferenceRow extends ExampleBase {
  /** What it is. */
  readonly kind: "preference";
  /** What both completions continue. */
  readonly prompt: RowText;
  /** The preferred completion. */
  readonly chosen: RowText;
  /** The other. */
  readonly rejected: RowText;
}

/** A prompt to sample answers for. */
export interface PromptRow extends ExampleBase {
  /** What it is. */
  readonly kind: "prompt";
  /** What is to be continued. */
  readonly prompt: RowText;
}

/** A prompt and one answer to learn or to compare with. */
export interface CompletionRow extends ExampleBase {
  /** What it is. */
  readonly kind: "completion";
  /** What the completion continues. */
  readonly prompt: RowText;
  /** The answer. */
  readonly completion: RowText;
}

/** A prompt and one answer that somebody liked or did not. */
export interface UnpairedRow extends ExampleBase {
  /** What it is. */
  readonly kind: "unpaired";
  /** What the completion continues. */
  readonly prompt: RowText;
  /** The answer. */
  readonly completion: RowText;
  /** Whether it is wanted. */
  readonly label: boolean;
}

/** Text with no prompt. */
export interface TextRow extends ExampleBase {
  /** What it is. */
  readonly kind: "text";
  /** The text. */
  readonly text: string;
}

/** A training example, whatever the file looked like. */
export type Example = PreferenceRow | PromptRow | CompletionRow | UnpairedRow | TextRow;
