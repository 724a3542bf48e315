// Shapes of well-known datasets, read without a flag: which column is the question, and which answers are compared.
import { kindOf, rowText } from "./messages.ts";
import { UnusableRow } from "./report.ts";
import type { RowText } from "./rows.ts";

type Row = Readonly<Record<string, unknown>>;

/** Columns that hold what is asked, beside `prompt`. */
export const QUESTIONS = ["question", "instruction", "input", "query"] as const;
/** Columns that hold a dialogue, beside `prompt`. */
export const DIALOGUES = ["conversations", "conversation", "messages"] as const;

/** The column that holds what is asked, if there is one. */
export function questionOf(row: Row): string | undefined {
  return QUESTIONS.find((column) => isText(row[column]));
}

/** The column that holds a dialogue, if there is one. */
export function dialogueOf(row: Row): string | undefined {
  return DIALOGUES.find((column) => Array.isArray(row[column]));
}

/** What is asked: of an instruction with an input both, a blank line between, as Alpaca has them. */
export function askedOf(row: Row, column: string): RowText {
  const asked = rowText(row[column], column);
  if (column !== "instruction" || row.input === undefined || row.input === null) return asked;
  const { input } = row;
  if (typeof input !== "string") {
    throw new UnusableRow(`input is ${kindOf(input)}, expected text`);
  }
  return input.trim() === "" || typeof asked !== "string" ? asked : `${asked}\n\n${input}`;
}

/** Names of columns that say something about a row and are no part of it. */
const ABOUT =
  /(^|_|-)(id|ids|idx|index|uuid|source|dataset|subset|split|model|models|language|lang|category|type|task|topic|domain|url|date|time|timestamp|hash|score|scores|rating|ratings|annotator|annotations|verdict|order|place|reason|rationale|explanation|margin|tag|tags|label|metadata|meta|info|tools|system|license|version|name)$/i;

/** Whether a row of chosen and rejected has a third column that could be their prompt. */
export function hasOtherPrompt(row: Row): boolean {
  return Object.entries(row).some(([column, value]) =>
    !/^(chosen|rejected)(_|$)/.test(column) && !ABOUT.test(column) &&
    (isText(value) || Array.isArray(value) && typeof value[0] === "object")
  );
}

/** Scores of UltraFeedback's answers, the most reliable first. */
const SCORES = ["fine-grained_score", "overall_score", "score", "rating"];

/** The best and the worst of several answers with scores; the first of equal ones. */
export function bestAndWorst(completions: unknown): { chosen: RowText; rejected: RowText } {
  if (!Array.isArray(completions)) {
    throw new UnusableRow(`completions is ${kindOf(completions)}, expected a list`);
  }
  const answers = completions.map((entry) => (entry ?? {}) as Row);
  const score = SCORES.find((name) =>
    answers.every((answer) => scoreOf(answer[name]) !== undefined)
  );
  if (answers.length < 2 || score === undefined) {
    throw new UnusableRow("completions are not two or more answers with scores");
  }
  const scores = answers.map((answer) => scoreOf(answer[score])!);
  const [best, worst] = [Math.max(...scores), Math.min(...scores)];
  if (best === worst) throw new UnusableRow("completions have equal scores");
  const [chosen, rejected] = [best, worst].map((value) => answers[scores.indexOf(value)]);
  return {
    chosen: rowText(chosen.response ?? chosen.content, "the best of completions"),
    rejected: rowText(rejected.response ?? rejected.content, "the worst of completions"),
  };
}

function scoreOf(value: unknown): number | undefined {
  const number = typeof value === "bigint" || typeof value === "string" && value.trim() !== ""
    ? Number(value)
    : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}
