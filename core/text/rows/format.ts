// The ways in which files hold preference data, one entry each: the columns that tell it, and how a row is read.
import {
  type Body,
  completionOf,
  humanAssistantOf,
  isDialogue,
  isWhole,
  preferenceOf,
  requireAlike,
  requireAnswer,
  requireDifferent,
  systemOf,
} from "./checks.ts";
import { isHumanAssistant, kindOf, rowText } from "./messages.ts";
import { UnusableRow } from "./report.ts";
import {
  askedOf,
  bestAndWorst,
  dialogueOf,
  DIALOGUES,
  hasOtherPrompt,
  questionOf,
  QUESTIONS,
} from "./shapes.ts";
import { splitMessages, splitText } from "./split_prompt.ts";
import type { Message, RowText } from "./rows.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** Names of the row formats that are read. */
export type RowFormatName =
  | "preference"
  | "hh"
  | "sharegpt"
  | "question"
  | "implicit"
  | "ultrafeedback"
  | "alpaca"
  | "unpaired"
  | "completion"
  | "label"
  | "messages"
  | "conversations"
  | "prompt"
  | "text";

type Row = Readonly<Record<string, unknown>>;
/** One way to hold an example. */
export interface RowFormat {
  /** Its name, as a flag takes it. */
  readonly name: RowFormatName;
  /** The columns that it needs. */
  readonly columns: readonly string[];
  /** Further columns that it reads where they are there; `tools` and `system` are always read. */
  readonly reads?: readonly string[];
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
      const { prompt, chosen, rejected } = row;
      const isRepeated = [prompt, chosen, rejected].every(isHumanAssistant) &&
        [chosen, rejected].every((text) => String(text).startsWith(String(prompt)));
      if (isRepeated) return humanAssistantOf({ chosen, rejected });
      const answers = {
        chosen: rowText(chosen, "chosen"),
        rejected: rowText(rejected, "rejected"),
      };
      return preferenceOf({ prompt: rowText(prompt, "prompt"), ...answers }, systemOf(row.system));
    },
  },
  {
    name: "hh",
    columns: ["chosen", "rejected"],
    fits: ({ chosen, rejected }) => isHumanAssistant(chosen) && isHumanAssistant(rejected),
    read: ({ chosen, rejected }) => humanAssistantOf({ chosen, rejected }),
  },
  {
    name: "sharegpt",
    columns: ["chosen", "rejected"],
    reads: DIALOGUES,
    fits: (row) => dialogueOf(row) !== undefined && !isWhole(row.chosen),
    read(row) {
      const column = dialogueOf(row) ?? "conversations";
      return preferenceOf({
        prompt: rowText(row[column], column),
        chosen: asAnswer(rowText(row.chosen, "chosen")),
        rejected: asAnswer(rowText(row.rejected, "rejected")),
      }, systemOf(row.system));
    },
  },
  {
    name: "question",
    columns: ["chosen", "rejected"],
    reads: QUESTIONS,
    fits: (row) => questionOf(row) !== undefined && !isWhole(row.chosen),
    read(row) {
      const column = questionOf(row) ?? "question";
      return preferenceOf({
        prompt: askedOf(row, column),
        chosen: rowText(row.chosen, "chosen"),
        rejected: rowText(row.rejected, "rejected"),
      }, systemOf(row.system));
    },
  },
  {
    name: "implicit",
    columns: ["chosen", "rejected"],
    fits: (row) => isWhole(row.chosen) || !hasOtherPrompt(row),
    read(row, tokenizer) {
      const [chosen, rejected] = [rowText(row.chosen, "chosen"), rowText(row.rejected, "rejected")];
      requireDifferent(chosen, rejected);
      const system = systemOf(row.system);
      if (isDialogue(chosen) && isDialogue(rejected)) {
        return preferenceOf(splitMessages(chosen, rejected), system);
      }
      requireAlike({ chosen, rejected });
      return preferenceOf(splitText(chosen as string, rejected as string, tokenizer), system);
    },
  },
  {
    name: "ultrafeedback",
    columns: ["instruction", "completions"],
    read(row) {
      const answers = bestAndWorst(row.completions);
      return preferenceOf(
        { prompt: askedOf(row, "instruction"), ...answers },
        systemOf(row.system),
      );
    },
  },
  {
    name: "alpaca",
    columns: ["instruction", "output"],
    reads: ["input"],
    read(row) {
      const output = rowText(row.output, "output");
      const system = systemOf(row.system);
      const asked = askedOf(row, "instruction");
      return { kind: "completion", ...completionOf(asked, output, "output", system) };
    },
  },
  {
    name: "unpaired",
    columns: ["prompt", "completion", "label"],
    read: (row) => ({
      kind: "unpaired",
      ...answered(row, "completion"),
      label: booleanOf(row.label),
    }),
  },
  {
    name: "completion",
    columns: ["prompt", "completion"],
    read: (row) => ({ kind: "completion", ...answered(row, "completion") }),
  },
  {
    name: "label",
    columns: ["prompt", "label"],
    fits: ({ label }) => typeof label === "string",
    read: (row) => ({ kind: "completion", ...answered(row, "label") }),
  },
  {
    name: "messages",
    columns: ["messages"],
    read: (row) => lastAnswer(row, "messages"),
  },
  {
    name: "conversations",
    columns: ["conversations"],
    read: (row) => lastAnswer(row, "conversations"),
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

/** A prompt with the answer that is in a column. */
function answered(row: Row, column: string): ReturnType<typeof completionOf> {
  const [prompt, answer] = [rowText(row.prompt, "prompt"), rowText(row[column], column)];
  return completionOf(prompt, answer, column, systemOf(row.system));
}

/** A dialogue: what the assistant says after the user's last turn is the answer; a prompt where that is nothing. */
function lastAnswer(row: Row, column: string): Body {
  const turns = rowText(row[column], column);
  if (!isDialogue(turns)) throw new UnusableRow(`${column} is text, expected a list`);
  const system = systemOf(row.system);
  const messages = system && turns[0].role !== "system" ? [system, ...turns] : turns;
  const last = messages.findLastIndex(({ role }) => role === "user");
  if (last < 0) throw new UnusableRow(`${column} has no turn of the user`);
  const [prompt, rest] = [messages.slice(0, last + 1), messages.slice(last + 1)];
  if (rest.length === 0) return { kind: "prompt", prompt };
  requireAnswer(rest, column);
  return { kind: "completion", prompt, completion: rest };
}

/** An answer to a dialogue is a turn of it. */
function asAnswer(answer: RowText): readonly Message[] {
  return isDialogue(answer) ? answer : [{ role: "assistant", content: answer }];
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
