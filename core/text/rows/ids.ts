// Where a prompt ends and its answer begins in token ids: both are encoded as one text, as the model reads them, and
// parted at the prompt's ids.
import type { PretrainedTokenizer } from "../tokenizer/pretrained_tokenizer.ts";
import { UnusableRow } from "./report.ts";
import type { Message, RowText } from "./rows.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { Mistake } from "../../base/mistake.ts";

/** Renders a dialogue as the model's chat template does. */
export type RenderMessages = (
  messages: readonly Message[],
  options: {
    /** End with the header of an answer. */
    readonly addGenerationPrompt: boolean;
    /** Leave the last message open: the answer goes on with it. */
    readonly continueFinalMessage?: boolean;
    /** Tools that the template is to describe. */
    readonly tools?: readonly unknown[];
  },
) => string;

/** A prompt, and tools where a template describes them. */
interface Asked {
  readonly prompt: RowText;
  readonly tools?: readonly unknown[];
}

/** A row in ids, whole: nothing is cut, and no end token is put. */
export interface RowIds {
  /** What every answer goes on with; begin token first where the tokenizer puts one. */
  readonly prompt: number[];
  /** Of the answers, in order. */
  readonly answers: number[][];
  /** Whether it is text that spells special tokens, which are read as such. */
  readonly special: boolean;
}

/** What special tokens are spelt with in the vocabularies that there are: `<|im_end|>`, `[INST]`, `<s>`. */
const BRACKET = /[<[｜]/;

/**
 * Ids of a prompt and of its answers.
 *
 * The prompt's are those that generation begins with. Only where the template writes a header that the answer does
 * not have (an opened `<think>`) does the prompt end before it, as in TRL.
 */
export function rowIds(
  { prompt, tools }: Asked,
  answers: readonly (readonly [name: string, answer: RowText])[],
  tokenizer: Tokenizer,
  render: RenderMessages | undefined,
): RowIds {
  if (typeof prompt === "string") {
    const ids = idsOf(prompt, "prompt", tokenizer, true);
    const texts = [prompt];
    const rest = answers.map(([name, answer]) => {
      if (typeof answer !== "string") throw new UnusableRow(`${name} is messages, prompt is text`);
      texts.push(answer);
      return idsAfter(prompt, ids, answer, name, tokenizer);
    });
    return {
      prompt: [...beginIds(prompt, ids, tokenizer), ...ids],
      answers: rest,
      special: texts.some((text) => spellsSpecial(text, "text", tokenizer)),
    };
  }
  requirePlain(prompt, "a message of prompt spells", tokenizer);
  requirePlain(tools, "tools spell", tokenizer);
  const write = (messages: readonly Message[], options = {}): string =>
    rendered(messages, { addGenerationPrompt: false, ...options, tools }, render);
  const isOpen = goesOn(prompt);
  const head = write(prompt, isOpen ? { continueFinalMessage: true } : OPENED);
  const ids = idsOf(head, "prompt", tokenizer, true);
  let shared = ids.length;
  const wholes = answers.map(([name, answer]) => {
    if (typeof answer === "string") return [...ids, ...within(answer, name, tokenizer)];
    requirePlain(answer, `a message of ${name} spells`, tokenizer);
    const whole = write(isOpen ? joined(prompt, answer) : [...prompt, ...answer]);
    if (whole.startsWith(head)) {
      return [...ids, ...idsAfter(head, ids, whole.slice(head.length), name, tokenizer)];
    }
    const asked = isOpen ? prompt.slice(0, -1) : prompt; // what must not become a part of the answer
    const wholeIds = idsOf(whole, name, tokenizer, true);
    const n = commonLength(ids, wholeIds);
    if (n === 0 || !whole.startsWith(asked.length > 0 ? write(asked) : "")) {
      throw new UnusableRow(`the chat template writes the prompt otherwise before ${name}`);
    }
    shared = Math.min(shared, n);
    return wholeIds;
  });
  return {
    prompt: ids.slice(0, shared),
    answers: wholes.map((whole) => whole.slice(shared)),
    special: false,
  };
}

/** Ids of text with no prompt: what the tokenizer puts first, and the text's own. */
export function textIds(
  text: string,
  tokenizer: Tokenizer,
): { begin: number[]; ids: number[]; special: boolean } {
  const ids = idsOf(text, "text", tokenizer, true);
  const special = spellsSpecial(text, "text", tokenizer);
  return { begin: beginIds(text, ids, tokenizer), ids, special };
}

/**
 * How many ids of a rendered prompt stand before the words of its first turn that is not the system's: begin token,
 * system message, header. They are what goes last where a prompt is too long.
 */
export function headLength(
  { prompt, tools }: { readonly prompt: readonly Message[]; readonly tools?: readonly unknown[] },
  ids: readonly number[],
  tokenizer: Tokenizer,
  render: RenderMessages | undefined,
): number {
  const at = prompt.findIndex(({ role }) => !isSystem(role));
  if (at < 0) return 0;
  const [a, b] = ["A", "B"].map((content) => {
    const turns = [...prompt.slice(0, at), { ...prompt[at], content }];
    return rendered(turns, { addGenerationPrompt: false, tools }, render);
  });
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return commonLength(idsOf(a.slice(0, n), "prompt", tokenizer, true), ids);
}

/** Whether a turn says how to answer, rather than what. */
export function isSystem(role: string): boolean {
  return role === "system" || role === "developer";
}

const OPENED = { addGenerationPrompt: true };

/** What goes before a text: a tokenizer of a model's files knows, with any other it is BOS; never twice. */
function beginIds(text: string, ids: readonly number[], tokenizer: Tokenizer): number[] {
  const { bosId } = tokenizer;
  const usual = bosId === undefined ? [] : [bosId];
  const begin = knowsEdges(tokenizer)
    ? edgeBefore(ids, tokenizer.encode(text, { addSpecial: true }), bosId)
    : usual;
  return begin.every((id, i) => id === ids[i]) ? [] : begin;
}

/** Whether a tokenizer's own files say what goes first: not where BOS is one that only the model's config has. */
function knowsEdges(tokenizer: Tokenizer & Partial<PretrainedTokenizer>): boolean {
  const { bosId, specialTokens } = tokenizer;
  return specialTokens !== undefined &&
    (bosId === undefined || specialTokens.bosToken !== undefined);
}

/** What `edged` has before `ids`; where there are none, only BOS can be told from an end token. */
function edgeBefore(
  ids: readonly number[],
  edged: readonly number[],
  bosId: number | undefined,
): number[] {
  if (ids.length === 0) return edged.slice(0, edged[0] === bosId ? 1 : 0);
  const at = edged.findIndex((_, i) => ids.every((id, j) => id === edged[i + j]));
  return edged.slice(0, Math.max(0, at));
}

/**
 * Ids of an answer as they stand after its prompt. Where a token lies across the boundary the answer is encoded
 * apart: after the prompt's own ids nothing else can be sampled.
 */
function idsAfter(
  prompt: string,
  promptIds: readonly number[],
  answer: string,
  name: string,
  tokenizer: Tokenizer,
): number[] {
  const whole = idsOf(prompt + answer, name, tokenizer, true);
  return commonLength(promptIds, whole) === promptIds.length
    ? whole.slice(promptIds.length)
    : within(answer, name, tokenizer);
}

/** Ids of text that others stand before: SentencePiece must not put a space first, as it does after a line end. */
function within(text: string, name: string, tokenizer: Tokenizer): number[] {
  const own = idsOf(text, name, tokenizer, true);
  let line: number[], after: number[];
  try {
    line = tokenizer.encode("\n");
    after = tokenizer.encode("\n" + text);
  } catch {
    return own; // a vocabulary without line ends
  }
  const isApart = line.length > 0 && commonLength(line, after) === line.length;
  return isApart ? after.slice(line.length) : own;
}

function commonLength(a: readonly number[], b: readonly number[]): number {
  const n = a.findIndex((id, i) => id !== b[i]);
  return n < 0 ? a.length : n;
}

/** Whether the last turn is the assistant's own, begun in words: an answer goes on with it, as in TRL. */
export function goesOn(prompt: readonly Message[]): boolean {
  const last = prompt.at(-1);
  return last?.role === "assistant" && last.content !== "" && last.tool_calls === undefined;
}

/** The dialogue with the begun turn and the answer as one message. */
function joined(prompt: readonly Message[], answer: readonly Message[]): readonly Message[] {
  const [begun, next] = [prompt[prompt.length - 1], answer[0]];
  if (next?.role !== begun.role) return [...prompt, ...answer];
  const one = { ...begun, ...next, content: begun.content + next.content };
  return [...prompt.slice(0, -1), one, ...answer.slice(1)];
}

/** Ids; special tokens that are spelt out are those where a template or a text row writes them. */
function idsOf(
  text: string,
  name: string,
  tokenizer: Tokenizer,
  allowSpecial: boolean,
): number[] {
  try {
    return tokenizer.encode(text, { allowSpecial });
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    throw new UnusableRow(`${name} has a piece that the tokenizer lacks`, { cause: error });
  }
}

/** No text in `value`, however deep, may spell a special token: within a template it would end a turn or forge a role. */
function requirePlain(value: unknown, what: string, tokenizer: Tokenizer): void {
  if (typeof value === "string") {
    if (!spellsSpecial(value, what.replace(/ spells?$/, ""), tokenizer)) return;
    throw new UnusableRow(`${what} a special token`);
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, entry] of Object.entries(value)) {
    requirePlain(key, what, tokenizer);
    requirePlain(entry, what, tokenizer);
  }
}

/** Whether text spells a special token: read with and without them it has other ids. */
function spellsSpecial(text: string, name: string, tokenizer: Tokenizer): boolean {
  if (!BRACKET.test(text)) return false;
  const special = idsOf(text, name, tokenizer, true);
  let plain: number[];
  try {
    plain = tokenizer.encode(text, { allowSpecial: false });
  } catch {
    return true; // the vocabulary has no plain spelling of it
  }
  return special.length !== plain.length || commonLength(special, plain) < plain.length;
}

function rendered(
  messages: readonly Message[],
  options: Parameters<RenderMessages>[1],
  render: RenderMessages | undefined,
): string {
  if (render === undefined) {
    throw new TypeError(
      "Cannot encode messages: render is undefined, expected the model's chat template",
    );
  }
  try {
    return render(messages, options);
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new UnusableRow(`the chat template refuses it: ${why}`, { cause: error });
  }
}
