// Annotated pairs of a dataset as a dataset again: JSON lines or Parquet, by the ending of the file's name. Pairs that a policy
// sampled have ids and log-probs besides, and are written by the library's `exportPairs`.
import type { Message, PreferenceRow, RowText, RowTokenIds } from "../../core/mod.ts";
import {
  type Columns,
  type ExportedPairs,
  type PairsFormat,
  TRL_COLUMNS,
  writeRows,
} from "../../files/mod.ts";
import { counted } from "../terminal/counted.ts";
import { promptWords } from "./dialogues.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";

/** A pair whose better answer somebody named. */
export interface TextPair {
  /** The pair as its file had it; `chosen` and `rejected` as the annotator says, ids too where it had some. */
  readonly row: Pick<PreferenceRow, "prompt" | "chosen" | "rejected" | "tools" | "ids">;
  /** Who said so. */
  readonly annotator: string;
  /** Which of the two it was, as the annotator saw them. */
  readonly verdict: string;
  /** In which order the annotator saw them: "chosen,rejected", "rejected,chosen", or "both". */
  readonly order: string;
  /** What the annotator said for it. */
  readonly reason: string | null;
  /** In the annotator's own unit. */
  readonly chosen_score: number | null;
  /** Of the other. */
  readonly rejected_score: number | null;
  /** Where the pair is from. */
  readonly place: string;
}

/** A pair of a dataset with its answers exchanged, ids too. */
export function exchanged(row: TextPair["row"]): TextPair["row"] {
  const { chosen, rejected, ids } = row;
  const other = ids && { ...ids, chosen: ids.rejected, rejected: ids.chosen };
  return { ...row, chosen: rejected, rejected: chosen, ...(other ? { ids: other } : {}) };
}

/**
 * The format that a file's name asks for.
 *
 * @param command What "Cannot …" says.
 * @throws {UsageError} If it ends otherwise.
 */
export function pairsFormat(command: string, path: string): PairsFormat {
  if (path.endsWith(".jsonl")) return "jsonl";
  if (path.endsWith(".parquet")) return "parquet";
  throw new UsageError({
    verb: command,
    found: `--out is ${quote(path)}`,
    expected: "a name that ends in .jsonl or .parquet",
  });
}

/** What became of annotated pairs, for people. */
export function pairsLine(
  out: string,
  { pairs, ties, failed }: Pick<ExportedPairs, "pairs" | "ties" | "failed">,
): string {
  return `${counted(pairs, "pair")} in ${out}; left out: ${counted(ties, "tie")}, ` +
    `${failed} without a verdict`;
}

/** What TRL's tokenisation makes of exported pairs, where it is not the ids that were trained on. */
export function trlLines({ same, end, text, unknown }: ExportedPairs["trlIds"]): string[] {
  const of = same + end + text + unknown;
  const line = (count: number, why: string) =>
    count === 0
      ? []
      : [`TRL will train on other ids in ${count} of ${counted(of, "pair")}: ${why}`];
  return [
    ...line(end, "it puts an end token after text that was cut (trl_ids is end)"),
    ...line(text, "no text has the ids that were sampled (trl_ids is text)"),
    ...line(unknown, "they may differ, an older run does not say (trl_ids is null)"),
  ];
}

/** Columns beside the row's own. */
const COLUMNS: Columns<Omit<TextPair, "row">> = {
  ...{ annotator: "text", verdict: "text", order: "text", reason: "text" },
  ...{ chosen_score: "real", rejected_score: "real", place: "text" },
};
const ID_COLUMNS = {
  tokenizer_hash: "text",
  prompt_ids: "ints",
  chosen_ids: "ints",
  rejected_ids: "ints",
} as const;

/**
 * Writes pairs, whole or not at all: dialogues as messages where all are, with their tools, else text; and the ids that
 * rows brought along.
 */
export async function writeTextPairs(
  path: string,
  format: PairsFormat,
  pairs: readonly TextPair[],
): Promise<void> {
  const isDialogues = pairs.length > 0 && pairs.every(({ row }) => typeof row.prompt !== "string");
  const { trl_ids: _, chat_template_kwargs: __, ...texts } =
    TRL_COLUMNS[isDialogues ? "messages" : "text"];
  const hasIds = pairs.some(({ row }) => row.ids !== undefined);
  const columns: Columns<Record<string, unknown>> = {
    ...texts,
    ...(hasIds ? ID_COLUMNS : {}),
    ...COLUMNS,
  };
  const as = (text: RowText) =>
    typeof text === "string" ? text : isDialogues ? text.map(withoutRendering) : promptWords(text);
  const rows = pairs.map(({ row: { prompt, chosen, rejected, tools, ids }, ...rest }) => ({
    ...{ prompt: as(prompt), chosen: as(chosen), rejected: as(rejected) },
    ...(isDialogues ? { tools: tools === undefined ? null : JSON.stringify(tools) } : {}),
    ...(hasIds ? idsOf(ids) : {}),
    ...rest,
  }));
  await writeRows(path, format, columns, rows);
}

function idsOf(ids: RowTokenIds | undefined): Record<keyof typeof ID_COLUMNS, unknown> {
  const { hash = null, prompt = null, chosen = null, rejected = null } = ids ?? {};
  return { tokenizer_hash: hash, prompt_ids: prompt, chosen_ids: chosen, rejected_ids: rejected };
}

/** A turn without what the template of an exported row's wrote for it: the row's other columns are gone. */
function withoutRendering({ rendered: _, ...message }: Message): Message {
  return message;
}
