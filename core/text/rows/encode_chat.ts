// Dialogues to ids: the template's special tokens become ids, the same tokens written by a user stay plain text.
import type { ChatTemplate, RenderOptions } from "../template/chat_template.ts";
import type { ChatMessage } from "../template/chat_messages.ts";
import { ExactNumber } from "../../base/exact_number.ts";
import type { PretrainedTokenizer } from "../tokenizer/pretrained_tokenizer.ts";

/** What {@link encodeChat} needs of a tokenizer. */
export type ChatTokenizer = Pick<PretrainedTokenizer, "encode" | "allSpecial">;

// Private-use characters round a special token that stands in a message; those that a message has are dropped.
const START = "\ue0f0";
const END = "\ue0f1";
const MARKS = /[\ue0f0\ue0f1]/;

/**
 * Renders a dialogue and encodes it so that no message can forge a turn: a special token that is spelt out in a
 * message, a tool or a document is encoded as the plain text that it is.
 *
 * Where no message spells one out, the ids are those of encoding the rendered text. Where one does, the text is
 * encoded in pieces, as transformers does with `sanitize_control_tokens`.
 *
 * @example
 * ```ts
 * import { chatTemplate, encodeChat, tokenizerFromJson } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = tokenizerFromJson({
 *   added_tokens: [{ id: 0, content: "<e>", special: true }],
 *   pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
 *   decoder: { type: "ByteLevel" },
 *   model: { type: "BPE", vocab: { "<e>": 0, "<": 1, e: 2, ">": 3, "Ċ": 4 }, merges: [] },
 * });
 * const template = chatTemplate("{{ messages[0].content }}<e>");
 * const messages = [{ role: "user", content: "e<e>" }];
 * assertEquals(encodeChat({ ...tokenizer, allSpecial: ["<e>"] }, template, messages), [2, 1, 2, 3, 0]);
 * ```
 *
 * @param tokenizer The model's tokenizer; borrowed.
 * @param template The model's chat template.
 * @param messages The dialogue.
 * @param options Generation prompt, tools, …, as for `render`.
 * @returns Ids; begin and end tokens are those that the template writes.
 * @throws {TypeError} If the template refuses the dialogue, or the vocabulary cannot spell a special token plainly.
 */
export function encodeChat(
  tokenizer: ChatTokenizer,
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  options: RenderOptions = {},
): number[] {
  const special = [...tokenizer.allSpecial].sort((a, b) => b.length - a.length).map(escaped);
  const pattern = special.length > 0 ? new RegExp(special.join("|"), "g") : undefined;
  const mark = (value: unknown): unknown => marked(value, pattern);
  const text = template.render(mark(messages) as ChatMessage[], {
    ...options,
    tools: mark(options.tools) as readonly unknown[] | undefined,
    documents: mark(options.documents) as readonly unknown[] | undefined,
    variables: mark(options.variables) as Record<string, unknown> | undefined,
  });
  if (!MARKS.test(text)) return tokenizer.encode(text);
  const pieces = text.split(new RegExp(`${START}(${special.join("|")})${END}|${MARKS.source}`));
  const ids = tokenizer.encode(pieces[0]);
  for (let i = 1; i < pieces.length; i++) {
    if (pieces[i]) ids.push(...within(tokenizer, pieces[i], i % 2 === 0)); // odd ones are the users'
  }
  return ids;
}

/** A piece from amid a text: after a line end, so that no space is put first, which is then taken off. */
function within(tokenizer: ChatTokenizer, piece: string, allowSpecial: boolean): number[] {
  const line = tokenizer.encode("\n");
  const ids = tokenizer.encode("\n" + piece, { allowSpecial });
  return line.every((id, i) => ids[i] === id)
    ? ids.slice(line.length)
    : tokenizer.encode(piece, { allowSpecial });
}

function marked(value: unknown, pattern: RegExp | undefined): unknown {
  if (typeof value === "string") {
    const clean = MARKS.test(value) ? value.replaceAll(START, "").replaceAll(END, "") : value;
    return pattern ? clean.replace(pattern, (token) => START + token + END) : clean;
  }
  if (Array.isArray(value)) return value.map((entry) => marked(entry, pattern));
  if (typeof value !== "object" || value === null || value instanceof ExactNumber) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, marked(entry, pattern)]),
  );
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
