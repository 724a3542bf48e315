// What Python's tokenizers and transformers gave for our texts, and the small tokenizers they gave it with.
import type { ChatMessage } from "../../core/text/template/chat_messages.ts";

/** Ids of one small tokenizer, one entry a hard text. */
export interface SmallIds {
  ids: number[][];
  /** With special tokens in the text taken as plain text. */
  literal: number[][];
  added: number[];
  decoded: string[];
  /** Ids of the chats. */
  chats?: number[][];
}

/** What a large tokenizer gives. */
export interface LargeIds {
  package: string;
  /** Of the JSON of the ids of a thousand texts. */
  sha256: string;
  /** Of the thousand texts decoded, a NUL between them. */
  textSha256: string;
  /** Of the first twenty. */
  ids: number[][];
  hard: number[][];
  added: number[];
  bos: number | null;
  eos: number | null;
  pad: number | null;
}

/** tests/fixtures/tokenizers/ids.json. */
export interface TokenizerFixture {
  hard: string[];
  small: Record<string, SmallIds>;
  sources: string[];
  template: string;
  chats: ChatMessage[][];
  large: Record<string, LargeIds>;
}

const FOLDER = new URL("../fixtures/tokenizers/", import.meta.url);

/** Reads the ids. */
export async function fixture(): Promise<TokenizerFixture> {
  return JSON.parse(await Deno.readTextFile(new URL("ids.json", FOLDER)));
}

/** Reads a small tokenizer.json. */
export async function readSmall(name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await Deno.readTextFile(new URL(`${name}.json`, FOLDER)));
}

/** Files of a folder in memory, as readers of folders ask for them. */
export function filesOf(
  files: Record<string, unknown>,
): (file: string) => Promise<Uint8Array | undefined> {
  return (file) => {
    const content = files[file];
    if (content === undefined) return Promise.resolve(undefined);
    const text = typeof content === "string" ? content : JSON.stringify(content);
    return Promise.resolve(new TextEncoder().encode(text));
  };
}

/** SHA-256 of text, in hexadecimal. */
export async function sha256(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** tests/fixtures/tokenizers/kinds.json: every kind of part, and what Python's tokenizers makes of the lines with it. */
export interface KindsFixture {
  lines: string[];
  /** Spells text character by character and marks the end of each piece; the steps go before it. */
  speller: Record<string, unknown>;
  /** A normalizer or pre-tokenizer and the SHA-256 of the ids of all lines. */
  steps: Record<string, { sha256: string; normalizer?: unknown; pre_tokenizer?: unknown }>;
  words: string[];
  /** Ids of words. */
  decoded: number[][];
  decoders: Record<string, { decoder: unknown; sha256: string }>;
  models: Record<string, { json: Record<string, unknown>; sha256: string; textSha256: string }>;
}

/** Reads the kinds. */
export async function kinds(): Promise<KindsFixture> {
  return JSON.parse(await Deno.readTextFile(new URL("kinds.json", FOLDER)));
}
