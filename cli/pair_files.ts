// Annotated pairs of texts as a dataset: JSON lines or Parquet, by the ending of the file's name. Pairs that a policy
// sampled have ids and log-probs besides, and are written by the library's `exportPairs`.
import { type Columns, type ExportedPairs, type PairsFormat, writeRows } from "../core/io/mod.ts";
import { quote, UsageError } from "./flag_parser.ts";

/** A pair whose better answer somebody named. */
export interface TextPair {
  /** What both answers continue. */
  readonly prompt: string;
  /** The answer that won. */
  readonly chosen: string;
  /** The other. */
  readonly rejected: string;
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

/**
 * The format that a file's name asks for.
 *
 * @param command What "Cannot …" says.
 * @throws {UsageError} If it ends otherwise.
 */
export function pairsFormat(command: string, path: string): PairsFormat {
  if (path.endsWith(".jsonl")) return "jsonl";
  if (path.endsWith(".parquet")) return "parquet";
  throw new UsageError(
    `Cannot ${command}: --out is ${quote(path)}, expected a name that ends in .jsonl or .parquet`,
  );
}

/** What TRL's tokenisation makes of exported pairs, where it is not the ids that were trained on. */
export function trlLines({ same, end, text, unknown }: ExportedPairs["trlIds"]): string[] {
  const of = same + end + text + unknown;
  const line = (count: number, why: string) =>
    count === 0 ? [] : [`TRL will train on other ids in ${count} of ${of} pairs: ${why}`];
  return [
    ...line(end, "it puts an end token after text that was cut (trl_ids is end)"),
    ...line(text, "no text has the ids that were sampled (trl_ids is text)"),
    ...line(unknown, "they may differ, an older run does not say (trl_ids is null)"),
  ];
}

const COLUMNS: Columns<TextPair> = {
  ...{ prompt: "text", chosen: "text", rejected: "text", annotator: "text" },
  ...{ verdict: "text", order: "text", reason: "text" },
  ...{ chosen_score: "real", rejected_score: "real", place: "text" },
};

/** Writes pairs, whole or not at all. */
export async function writeTextPairs(
  path: string,
  format: PairsFormat,
  pairs: readonly TextPair[],
): Promise<void> {
  await writeRows(path, format, COLUMNS, pairs);
}
