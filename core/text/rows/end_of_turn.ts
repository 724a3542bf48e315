// How a chat template ends an assistant's turn, and whether a model that writes this end stops there.
import { bare, quote } from "../../base/quote.ts";
import type { ChatTemplate } from "../template/chat_template.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { Mistake } from "../../base/mistake.ts";

/** What of a tokenizer the end of a turn depends on. */
export type TurnTokenizer = Pick<Tokenizer, "encode"> & {
  /** Texts of tokens that stand beside the vocabulary's, special or not. */
  readonly allAdded?: readonly string[];
};

/** What a template writes after an answer. */
export interface TurnEnd {
  /** Its ids. */
  readonly ids: readonly number[];
  /** As text. */
  readonly text: string;
  /** The first added token in it; absent where the turn ends in plain text. */
  readonly token?: { readonly text: string; readonly id: number };
}

const ANSWER = "Zqxj";

/**
 * Renders one question with its answer, and reads what follows the answer.
 *
 * @returns Undefined where the template does not render this dialogue, or changes the answer.
 */
export function turnEnd(chat: ChatTemplate, tokenizer: TurnTokenizer): TurnEnd | undefined {
  let text: string;
  try {
    text = chat.render([{ role: "user", content: "A" }, { role: "assistant", content: ANSWER }]);
  } catch {
    return undefined; // it wants other dialogues
  }
  const at = text.lastIndexOf(ANSWER);
  if (at < 0) return undefined;
  const tail = text.slice(at + ANSWER.length);
  const ids = tokenizer.encode(tail);
  const [first] = (tokenizer.allAdded ?? [])
    .filter((token) => token.trim() !== "" && tail.includes(token))
    .toSorted((a, b) => tail.indexOf(a) - tail.indexOf(b) || b.length - a.length);
  if (first === undefined) return { ids, text: tail };
  const [id, ...more] = tokenizer.encode(first);
  if (id === undefined || more.length > 0) return { ids, text: tail };
  return { ids, text: tail, token: { text: first, id } };
}

/**
 * What to tell a user whose model writes an end of turn and goes on after it; undefined where all is well.
 *
 * @param ends Ids at which the model's generations end.
 */
export function turnThatCannotEnd(
  chat: ChatTemplate,
  tokenizer: TurnTokenizer,
  ends: readonly number[],
): string | undefined {
  const end = turnEnd(chat, tokenizer);
  if (end === undefined || end.ids.some((id) => ends.includes(id))) return undefined;
  if (end.token === undefined) {
    const [mark] = /<[^<>\s]{1,40}>/.exec(end.text) ?? [];
    return mark && `The chat template ends a turn with ${bare(mark)}, which is no token of the ` +
        "tokenizer but characters: answers run on after it. Is the template another model's?";
  }
  const { text, id } = end.token;
  const found = ends.length === 0
    ? "has no end token"
    : `ends only at ${ends.length === 1 ? "id" : "the ids"} ${ends.join(", ")}`;
  return `The chat template ends a turn with ${bare(text)} (id ${id}), and the model ${found}: ` +
    `answers run on after it. --end-token ${quote(text)} makes it an end token`;
}

/**
 * The ids of tokens that a user names.
 *
 * @param tokens Each an id, or the text of a token; several with commas between are several.
 * @param vocabSize Ids must be below it.
 * @param what What the errors call the model.
 * @throws {Mistake} If one is neither.
 */
export function endTokenIds(
  tokens: readonly string[],
  tokenizer: Pick<Tokenizer, "encode"> | undefined,
  vocabSize: number,
  what: string,
): number[] {
  const idOf = (token: string): number | undefined => {
    if (/^\d+$/.test(token)) return Number(token) < vocabSize ? Number(token) : undefined;
    const ids = token === "" ? [] : tokenizer?.encode(token) ?? [];
    return ids.length === 1 ? ids[0] : undefined;
  };
  const found = tokens.flatMap((token) => {
    const whole = idOf(token); // a token may have a comma in it
    return whole === undefined
      ? token.split(",").map((part) => ({ part: part.trim(), id: idOf(part.trim()) }))
      : [{ part: token, id: whole }];
  });
  return found.map(({ part, id }) => {
    if (id !== undefined) return id;
    throw new Mistake("usage", {
      verb: "open",
      thing: `the model ${bare(what)}`,
      found: `the end token is ${quote(part)}`,
      expected: `the text of one token or an id below ${vocabSize}`,
    });
  });
}
