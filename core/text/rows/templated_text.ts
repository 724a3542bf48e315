// Text that a chat template has rendered already, as recipes write rows: it begins as the template begins a dialogue, or
// with a special token, and must not go through the template again.
import type { ChatTemplate } from "../template/chat_template.ts";
import type { ChatMessage } from "../template/chat_messages.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** A word that no template has. */
const WORD = "\ue0f2";

/**
 * A function that says whether text is a dialogue as this template writes it: whether it begins with the header of a turn
 * or with any special token.
 *
 * @example
 * ```ts
 * import { chatTemplate, templatedText } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = {
 *   ...{ vocabSize: 128, bosId: undefined, eosId: undefined, padId: undefined },
 *   encode: (text: string) => Array.from(text, (c) => c.charCodeAt(0)),
 *   decode: (ids: ArrayLike<number>) => String.fromCharCode(...Array.from(ids)),
 * };
 * const chat = chatTemplate("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}");
 * const isTemplated = templatedText(chat, tokenizer);
 * assertEquals(isTemplated("<user>What is two plus two?<assistant>"), true);
 * assertEquals(isTemplated("What does <user> mean?"), false);
 * ```
 *
 * @param chat The model's chat template.
 * @param tokenizer The model's; a special token is one that `decode` leaves out.
 */
export function templatedText(
  chat: Pick<ChatTemplate, "render">,
  tokenizer: Tokenizer,
): (text: string) => boolean {
  const headers = headersOf(chat);
  return (text) => {
    const start = text.trimStart();
    return beginsSpecial(start, tokenizer) || headers.some((header) => start.startsWith(header));
  };
}

function beginsSpecial(text: string, tokenizer: Tokenizer): boolean {
  if (!/^[<[｜]/.test(text)) return false;
  try {
    const [id] = tokenizer.encode(text);
    return id !== undefined && tokenizer.decode([id]) === "";
  } catch {
    return false; // whoever encodes the row says what is wrong
  }
}

/** How a dialogue may begin: the header of a system message, of a question, and of a question that comes later. */
function headersOf(chat: Pick<ChatTemplate, "render">): string[] {
  const user = { role: "user", content: WORD };
  const written = (messages: readonly ChatMessage[]): string[] => {
    try {
      return chat.render(messages, { addGenerationPrompt: false }).split(WORD);
    } catch {
      return []; // a template that refuses such dialogues
    }
  };
  const [first] = written([user]);
  const [system] = written([{ role: "system", content: WORD }, user]);
  const [, , later] = written([user, { role: "assistant", content: WORD }, user]);
  const [, , end] = written([user, { role: "assistant", content: WORD }]);
  const next = later !== undefined && end !== undefined && later.startsWith(end)
    ? later.slice(end.length)
    : undefined;
  const headers = [first, system, next].flatMap((header) => header?.trim() ? [header.trim()] : []);
  const unbegun = headers.map((header) => header.replace(/^<[^<>]*>\s*(?=[<[])/, "")); // rows may lack the begin token
  return [...new Set([...headers, ...unbegun])];
}
