// The pairs that a run annotated, as a dataset: JSON lines or Parquet that `datasets.load_dataset` reads and TRL trains
// on, with everything beside the texts that says how each pair came about, and the ids that Leash itself reads back.
import type { DatasetRow } from "../../core/text/rows/rows.ts";
import { openLocalFile } from "../local_file.ts";
import { isObject } from "../../core/base/quote.ts";
import { jsonlRows } from "../../core/formats/datasets/jsonl_rows.ts";
import {
  formOf,
  type RecordedPair,
  TRL_COLUMNS,
  type TrlColumns,
  trlColumns,
  type TrlForm,
} from "../../core/formats/datasets/trl_columns.ts";
import { type Columns, type PairsFormat, writeRows } from "./write_rows.ts";
import { COLUMNS, type ExportedPair, shownOrder } from "./exported_pair.ts";
import { isTurns, Line } from "./recorded_line.ts";

/** What the lines of a run do not say themselves. */
export interface ExportPairsOptions {
  /** Who annotated, where a line does not say. */
  readonly annotator?: string;
}

/** What became of the lines. */
export interface ExportedPairs {
  /** Written. */
  readonly pairs: number;
  /** Left out: neither answer won. */
  readonly ties: number;
  /** Left out: the annotator failed. */
  readonly failed: number;
  /** Written pairs by what TRL's tokenisation makes of them: see the column `trl_ids`. */
  readonly trlIds: Readonly<Record<"same" | "end" | "text" | "unknown", number>>;
}

/**
 * Writes the pairs of a run's `pairs.jsonl` as a preference dataset; ties and failures are left out and counted. Lines
 * are read as they are written, about 1,000 pairs at a time.
 *
 * @example
 * ```ts
 * import { exportPairs, readJsonl } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const dir = await Deno.makeTempDir();
 * const answer = { ids: [5, 2], finish: "stop", logps: [-1, -0.5], referenceLogp: -1.5 };
 * const line = {
 *   ...{ phase: 0, step: 0, prompt: "Hi", promptIds: [1, 4], snapshotId: "s0", referenceId: "s0" },
 *   ...{ a: { ...answer, text: "Go" }, b: { ...answer, text: "Hello" }, verdict: { outcome: "b" } },
 * };
 * await Deno.writeTextFile(`${dir}/pairs.jsonl`, JSON.stringify(line) + "\n");
 * await exportPairs(`${dir}/pairs.jsonl`, `${dir}/out.jsonl`, "jsonl", { annotator: "me" });
 * const [{ chosen, order }] = await readJsonl(`${dir}/out.jsonl`) as Record<string, unknown>[];
 * assertEquals([chosen, order], ["Hello", "rejected,chosen"]);
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @param pairsJsonl The run's file.
 * @param out The file to write, whole or not at all.
 * @param format "jsonl" or "parquet".
 * @param options `annotator`: of lines that do not name theirs; default null in the dataset.
 * @returns How many pairs were written and left out.
 * @throws {Mistake} If a line is no annotated pair; the message has its number.
 */
export async function exportPairs(
  pairsJsonl: string,
  out: string,
  format: PairsFormat,
  options: ExportPairsOptions = {},
): Promise<ExportedPairs> {
  const counts = { pairs: 0, ties: 0, failed: 0 };
  const trlIds = { same: 0, end: 0, text: 0, unknown: 0 };
  using file = await openLocalFile(pairsJsonl);
  async function* lines(): AsyncGenerator<ExportLine | "tie" | "failed"> {
    if (file.size === 0) return; // a run that has no phase yet
    for await (const row of jsonlRows(file)) yield pairOf(row, options.annotator ?? null);
  }
  const form = await formOfAll(lines());
  async function* pairs(): AsyncGenerator<ExportedPair> {
    for await (const line of lines()) {
      if (line === "tie") counts.ties++;
      else if (line === "failed") counts.failed++;
      else {
        const columns = trlColumns(line.recorded, form);
        counts.pairs++;
        trlIds[columns.trl_ids ?? "unknown"]++;
        yield { ...columns, ...line.rest };
      }
    }
  }
  const columns = { ...TRL_COLUMNS[form], ...COLUMNS } as Columns<ExportedPair>;
  await writeRows(out, format, columns, pairs());
  return { ...counts, trlIds };
}

/** A column holds messages or text throughout: messages where every pair has them. */
async function formOfAll(lines: AsyncIterable<ExportLine | "tie" | "failed">): Promise<TrlForm> {
  let form: TrlForm | undefined;
  for await (const line of lines) {
    if (typeof line === "string") continue;
    form = formOf(line.recorded);
    if (form === "text") break;
  }
  return form ?? "text";
}

/** A line that has a winner. */
interface ExportLine {
  readonly recorded: RecordedPair;
  readonly rest: Omit<ExportedPair, keyof TrlColumns>;
}

const textOrNull = (value: unknown) => typeof value === "string" ? value : null;

const numberOrNull = (value: unknown) => typeof value === "number" ? value : null;

/** A line's pair, chosen first; "tie" or "failed" where none won. */
function pairOf(
  { row, file, number }: DatasetRow,
  annotator: string | null,
): ExportLine | "tie" | "failed" {
  const line = new Line(row, file, number);
  const verdict = isObject(row.verdict) ? row.verdict : {};
  const { outcome } = verdict;
  if (outcome !== "a" && outcome !== "b" && outcome !== "tie" && outcome !== "failed") {
    return line.wrong("verdict.outcome", outcome, "a, b, tie or failed");
  }
  const [a, b] = [line.answer("a"), line.answer("b")];
  if (outcome === "tie" || outcome === "failed") return outcome;
  const [chosen, rejected] = outcome === "a" ? [a, b] : [b, a];
  const sampling = isObject(row.sampling) ? row.sampling : {};
  const scores: unknown[] = Array.isArray(verdict.scores) ? verdict.scores.slice(0, 2) : [];
  if (outcome === "b") scores.reverse();
  const source = isObject(row.source) ? row.source : {};
  const tokenizer = isObject(row.tokenizer) ? row.tokenizer : {};
  const recorded: RecordedPair = {
    prompt: line.text(row.prompt, "prompt"),
    ...(isTurns(source.prompt) ? { messages: source.prompt } : {}),
    ...(Array.isArray(source.tools) ? { tools: source.tools } : {}),
    ...(typeof row.spelled === "string" ? { spelled: row.spelled } : {}),
    begin: textOrNull(tokenizer.begin) ?? "",
    end: textOrNull(tokenizer.end) ?? "",
    chosen: chosen.said,
    rejected: rejected.said,
  };
  const rest = {
    tokenizer_hash: textOrNull(tokenizer.hash),
    prompt_ids: line.ids(row.promptIds, "promptIds"),
    chosen_ids: chosen.ids,
    rejected_ids: rejected.ids,
    chosen_finish: chosen.finish,
    rejected_finish: rejected.finish,
    chosen_logps: chosen.logps,
    rejected_logps: rejected.logps,
    ref_chosen_logps: chosen.reference,
    ref_rejected_logps: rejected.reference,
    temperature: numberOrNull(sampling.temperature),
    top_p: numberOrNull(sampling.topP),
    top_k: line.countOrNull(sampling.topK, "sampling.topK"),
    min_p: numberOrNull(sampling.minP),
    max_new_tokens: line.countOrNull(sampling.maxNew, "sampling.maxNew"),
    snapshot: line.text(row.snapshotId, "snapshotId"),
    snapshot_hash: textOrNull(row.snapshotHash),
    reference: line.text(row.referenceId, "referenceId"),
    annotator: textOrNull(row.annotator) ?? annotator,
    verdict: outcome,
    order: shownOrder(outcome, row.order ?? verdict.order),
    reason: textOrNull(verdict.reason),
    chosen_score: numberOrNull(scores[0]),
    rejected_score: numberOrNull(scores[1]),
    phase: line.count(row.phase, "phase"),
    step: line.count(row.step, "step"),
  };
  return { recorded, rest };
}
