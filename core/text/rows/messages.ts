// Dialogues in rows: lists of {role, content} are checked, and "Human: … Assistant: …" text becomes such a list.
import { quote } from "../../base/quote.ts";
import { ExactNumber, parseExact } from "../../base/exact_number.ts";
import { UnusableRow } from "./report.ts";
import type { Message, RowText } from "./rows.ts";
import { Mistake } from "../../base/mistake.ts";

/** What a value is, for reasons. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A column's value as text or messages; empty ones are refused. */
export function rowText(value: unknown, column: string): RowText {
  if (typeof value === "string") {
    if (value.trim() === "") throw new UnusableRow(`${column} is empty`);
    return value;
  }
  if (Array.isArray(value)) {
    if (value.length === 0) throw new UnusableRow(`${column} is empty`);
    return value.map((message) => messageOf(message, column));
  }
  if (typeof value === "object" && value !== null && ("role" in value || "from" in value)) {
    return [messageOf(value, column)];
  }
  const kind = kindOf(value);
  throw new UnusableRow(
    kind === "missing" ? `${column} is missing` : `${column} is ${kind}, expected text or messages`,
  );
}

/**
 * What a row has of tools: a list, or its JSON; undefined where it has none.
 *
 * @throws {UnusableRow} If it is anything else.
 */
export function toolsOf(value: unknown): readonly unknown[] | undefined {
  let tools = tidy(value);
  if (typeof value === "string") {
    if (value.trim() === "") return undefined;
    try {
      tools = parseExact(value);
    } catch (cause) {
      throw new UnusableRow("tools is text that is not JSON, expected a list", { cause });
    }
  }
  if (tools === null || tools === undefined) return undefined;
  if (!Array.isArray(tools)) throw new UnusableRow(`tools is ${kindOf(tools)}, expected a list`);
  const strange = notFinite(tools);
  if (strange !== undefined) throw new UnusableRow(`tools has ${strange}, expected what JSON has`);
  return tools.length > 0 ? tools : undefined;
}

/**
 * A value as templates and JSON take it. A column of structs has every key in every struct, so null there is absent.
 */
function tidy(value: unknown): unknown {
  if (typeof value === "bigint") return new ExactNumber(String(value));
  if (value instanceof ExactNumber) return value;
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== "object" || value === null) return value;
  const there = Object.entries(value).filter(([, entry]) => entry !== null && entry !== undefined);
  return Object.fromEntries(there.map(([key, entry]) => [key, tidy(entry)]));
}

/** The first NaN or infinity in a value, however deep. */
function notFinite(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : value;
  if (typeof value !== "object" || value === null) return undefined;
  for (const entry of Object.values(value)) {
    const found = notFinite(entry);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Who speaks, as ShareGPT names them. */
const SPEAKERS: Readonly<Record<string, string>> = {
  human: "user",
  gpt: "assistant",
  chatgpt: "assistant",
  bing: "assistant",
  bard: "assistant",
  observation: "tool",
};

/** A message of `from` and `value` as one of `role` and `content`. */
function asRole(message: Record<string, unknown>): Record<string, unknown> {
  if (message.role !== undefined || typeof message.from !== "string") return message;
  const { from, value, ...rest } = message;
  const role = Object.hasOwn(SPEAKERS, from) ? SPEAKERS[from] : from;
  return { ...rest, role, ...(value === undefined ? {} : { content: value }) };
}

function messageOf(value: unknown, column: string): Message {
  const wrong = (what: string): never => {
    throw new UnusableRow(`a message of ${column} ${what}`);
  };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return wrong(`is ${kindOf(value)}, expected role and content`);
  }
  const message = asRole(tidy(value) as Record<string, unknown>);
  const strange = notFinite(message);
  if (strange !== undefined) return wrong(`has ${strange}, expected what JSON has`);
  if (typeof message.role !== "string" || message.role === "") return wrong("has no role");
  return { ...message, role: message.role, content: contentOf(message, wrong) };
}

function contentOf(message: Record<string, unknown>, wrong: (what: string) => never): string {
  const { content } = message;
  if (typeof content === "string") return content;
  if (content === undefined) {
    return Array.isArray(message.tool_calls) ? "" : wrong("has no content");
  }
  if (!Array.isArray(content)) return wrong(`has content that is ${kindOf(content)}`);
  return content.map((part) => {
    const isText = typeof part === "object" && part !== null && part.type === "text" &&
      typeof part.text === "string";
    return isText ? part.text as string : wrong("has content that is not text");
  }).join("");
}

const TURN = /(?:^|\n\n)(Human|Assistant):/g;

/** Whether text is a dialogue in the form of Anthropic's HH data. */
export function isHumanAssistant(text: unknown): boolean {
  return typeof text === "string" && /^\s*Human:/.test(text);
}

/**
 * A "Human: … Assistant: …" dialogue as messages; a turn begins after a blank line. Spaces around each turn are
 * dropped, and turns of one speaker in a row become one.
 *
 * @example
 * ```ts
 * import { parseHumanAssistant } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals(parseHumanAssistant("\n\nHuman: Hi\n\nAssistant: Hello!"), [
 *   { role: "user", content: "Hi" },
 *   { role: "assistant", content: "Hello!" },
 * ]);
 * ```
 *
 * @param text The dialogue; what stands before its first turn is dropped if it is blank.
 * @throws {Mistake} If it does not begin with a turn of "Human:".
 */
export function parseHumanAssistant(text: string): Message[] {
  if (!isHumanAssistant(text)) {
    throw new Mistake("data", {
      verb: "read",
      thing: "the dialogue",
      found: `it begins with ${quote(text.slice(0, 20))}`,
      expected: '"Human:"',
    });
  }
  const body = text.trimStart();
  const marks = [...body.matchAll(TURN)];
  const messages: { role: string; content: string }[] = [];
  marks.forEach((mark, i) => {
    const role = mark[1] === "Human" ? "user" : "assistant";
    const content = body.slice(mark.index + mark[0].length, marks[i + 1]?.index).trim();
    const last = messages.at(-1);
    if (last?.role !== role) messages.push({ role, content });
    else last.content = [last.content, content].filter(Boolean).join("\n\n");
  });
  return messages;
}
