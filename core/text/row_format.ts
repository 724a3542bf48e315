// The ways in which files hold preference data, one entry each: the columns that tell it, and how a row is read.
import { isHumanAssistant, kindOf, parseHumanAssistant, rowText } from "./row_messages.ts";
import { UnusableRow } from "./row_report.ts";
import type { Example, Message, RowText } from "./rows.ts";
import { splitMessages, splitText } from "./split_prompt.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Names of the row formats that are read. */
export type RowFormatName =
  | "preference"
  | "hh"
  | "implicit"
  | "unpaired"
  | "completion"
  | "label"
  | "messages"
  | "prompt"
  | "text";

type Row = Readonly<Record<string, unknown>>;
type Body<E = Example> = E extends Example ? Omit<E, "place" | "tools"> : never;

/** One way to hold an example. */
export interface RowFormat {
  /** Its name, as a flag takes it. */
  readonly name: RowFormatName;
  /** The columns that it needs. */
  readonly columns: readonly string[];
  /** Whether a row with these columns is of this format; default yes. */
  readonly fits?: (row: Row) => boolean;
  /** The example; throws UnusableRow with the reason where there is none. */
  readonly read: (row: Row, tokenizer?: Tokenizer) => Body;
}

/** Every format; the first that fits a row is the file's. */
export const ROW_FORMATS: readonly RowFormat[] = [
  {
    name: "preference",
    columns: ["prompt", "chosen", "rejected"],
    read(row) {
      const [chosen, rejected] = [rowText(row.chosen, "chosen"), rowText(row.rejected, "rejected")];
      const prompt = rowText(row.prompt, "prompt");
      // Files with a prompt as text beside whole dialogues: the dialogues say it exactly.
      if (typeof prompt === "string" && isDialogue(chosen) && isDialogue(rejected)) {
        return preference(splitMessages(chosen, rejected));
      }
      return preference({ prompt, chosen, rejected });
    },
  },
  {
    name: "hh",
    columns: ["chosen", "rejected"],
    fits: ({ chosen, rejected }) => isHumanAssistant(chosen) && isHumanAssistant(rejected),
    read(row) {
      const [chosen, rejected] = ["chosen", "rejected"].map((column) => {
        const text = rowText(row[column], column);
        if (typeof text !== "string" || !isHumanAssistant(text)) {
          throw new UnusableRow(`${column} does not begin with "Human:"`);
        }
        const messages = parseHumanAssistant(text);
        const last = messages[messages.length - 1];
        if (last.role !== "assistant") throw new UnusableRow(`${column} has no last answer`);
        if (last.content === "") throw new UnusableRow(`${column} is empty`);
        return messages;
      });
      return preference(splitMessages(chosen, rejected));
    },
  },
  {
    name: "implicit",
    columns: ["chosen", "rejected"],
    read(row, tokenizer) {
      const [chosen, rejected] = [rowText(row.chosen, "chosen"), rowText(row.rejected, "rejected")];
      requireDifferent(chosen, rejected);
      if (isDialogue(chosen) && isDialogue(rejected)) {
        return preference(splitMessages(chosen, rejected));
      }
      requireAlike({ chosen, rejected });
      return preference(splitText(chosen as string, rejected as string, tokenizer));
    },
  },
  {
    name: "unpaired",
    columns: ["prompt", "completion", "label"],
    read(row) {
      const label = booleanOf(row.label);
      return { kind: "unpaired", ...completion(row.prompt, row.completion, "completion"), label };
    },
  },
  {
    name: "completion",
    columns: ["prompt", "completion"],
    read: (row) => ({
      kind: "completion",
      ...completion(row.prompt, row.completion, "completion"),
    }),
  },
  {
    name: "label",
    columns: ["prompt", "label"],
    fits: ({ label }) => typeof label === "string",
    read: (row) => ({ kind: "completion", ...completion(row.prompt, row.label, "label") }),
  },
  {
    name: "messages",
    columns: ["messages"],
    read(row) {
      const messages = rowText(row.messages, "messages");
      if (!isDialogue(messages)) throw new UnusableRow("messages is text, expected a list");
      const last = messages.findLastIndex(({ role }) => role === "user");
      if (last < 0) throw new UnusableRow("messages has no turn of the user");
      const [prompt, rest] = [messages.slice(0, last + 1), messages.slice(last + 1)];
      if (rest.length === 0) return { kind: "prompt", prompt };
      requireContent(rest, "messages");
      return { kind: "completion", prompt, completion: rest };
    },
  },
  {
    name: "prompt",
    columns: ["prompt"],
    read: (row) => ({ kind: "prompt", prompt: rowText(row.prompt, "prompt") }),
  },
  {
    name: "text",
    columns: ["text"],
    read(row) {
      const text = rowText(row.text, "text");
      if (typeof text !== "string") throw new UnusableRow("text is a list, expected text");
      return { kind: "text", text };
    },
  },
];

/**
 * Says which format a file has, from its columns and one row.
 *
 * @example
 * ```ts
 * import { detectFormat } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals(detectFormat(["prompt", "label"], { prompt: "Hi", label: "Hello" }), "label");
 * assertEquals(detectFormat(["question"], { question: "Hi" }), undefined);
 * ```
 *
 * @param columns Names of its columns.
 * @param row One row, where columns alone do not tell.
 * @returns The name, or undefined if no format has these columns.
 */
export function detectFormat(
  columns: readonly string[],
  row: Readonly<Record<string, unknown>>,
): RowFormatName | undefined {
  return ROW_FORMATS.find((format) =>
    format.columns.every((column) => columns.includes(column)) && (format.fits?.(row) ?? true)
  )?.name;
}

function preference(
  { prompt, chosen, rejected }: { prompt: RowText; chosen: RowText; rejected: RowText },
): Body {
  requireAlike({ prompt, chosen, rejected });
  requireContent(chosen, "chosen");
  requireContent(rejected, "rejected");
  requireDifferent(chosen, rejected);
  return { kind: "preference", prompt, chosen, rejected };
}

function completion(
  prompt: unknown,
  answer: unknown,
  column: string,
): { prompt: RowText; completion: RowText } {
  const body = { prompt: rowText(prompt, "prompt"), completion: rowText(answer, column) };
  requireAlike({ prompt: body.prompt, [column]: body.completion });
  requireContent(body.completion, column);
  return body;
}

/** All text or all messages: a template renders a dialogue as a whole. */
function requireAlike(texts: Readonly<Record<string, RowText>>): void {
  const dialogues = Object.values(texts).filter(isDialogue).length;
  if (dialogues === 0 || dialogues === Object.keys(texts).length) return;
  const kinds = Object.entries(texts).map(([name, text]) =>
    `${name} is ${isDialogue(text) ? "messages" : "text"}`
  );
  throw new UnusableRow(`${kinds.join(", ")}: expected all of one kind`);
}

/** An answer of messages must say something or call something. */
function requireContent(text: RowText, column: string): void {
  if (!isDialogue(text)) return;
  if (text.every((message) => message.content.trim() === "" && message.tool_calls === undefined)) {
    throw new UnusableRow(`${column} is empty`);
  }
}

function requireDifferent(chosen: RowText, rejected: RowText): void {
  if (JSON.stringify(chosen) === JSON.stringify(rejected)) {
    throw new UnusableRow("chosen is the same as rejected");
  }
}

function isDialogue(text: RowText): text is readonly Message[] {
  return typeof text !== "string";
}

const WORDS = new Map<unknown, boolean>([
  ...[true, 1, "1", "true", "True"].map((word) => [word, true] as const),
  ...[false, 0, "0", "false", "False"].map((word) => [word, false] as const),
]);

function booleanOf(value: unknown): boolean {
  const found = WORDS.get(value);
  if (found !== undefined) return found;
  const kind = kindOf(value);
  throw new UnusableRow(
    kind === "missing" ? "label is missing" : `label is ${kind}, expected true or false`,
  );
}
