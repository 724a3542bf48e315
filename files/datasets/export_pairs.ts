// The pairs that a run annotated, as a dataset: JSON lines or Parquet that `datasets.load_dataset` reads and TRL trains
// on, with everything beside the texts that says how each pair came about, and the ids that Leash itself reads back.
import type { DatasetRow } from "../../core/text/rows/rows.ts";
import { openLocalFile } from "../local_file.ts";
import { isObject, show } from "../../core/base/mistakes.ts";
import { jsonlRows } from "../../core/formats/datasets/jsonl_rows.ts";
import {
  formOf,
  type RecordedAnswer,
  type RecordedPair,
  TRL_COLUMNS,
  type TrlColumns,
  trlColumns,
  type TrlForm,
  type TrlMessage,
} from "../../core/formats/datasets/trl_columns.ts";
import { type Columns, type PairsFormat, writeRows } from "./write_rows.ts";
import { Mistake } from "../../core/base/mistake.ts";

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

/** One exported pair; the names are columns. */
export interface ExportedPair extends TrlColumns {
  /** Fingerprint of the tokenizer whose ids these are (`tokenizerHash`), where the line has it. */
  tokenizer_hash: string | null;
  /** Ids of the prompt, BOS included. */
  prompt_ids: number[];
  /** Sampled ids, the end token included if it was sampled. */
  chosen_ids: number[];
  /** Sampled ids of the other. */
  rejected_ids: number[];
  /** "stop" at an end token, "length" at the limit. */
  chosen_finish: string;
  /** Of the other. */
  rejected_finish: string;
  /** Behaviour log-prob of each id, nats. */
  chosen_logps: number[];
  /** Of the other. */
  rejected_logps: number[];
  /** Reference log-prob of the whole answer, nats; the name is TRL's. */
  ref_chosen_logps: number;
  /** Of the other. */
  ref_rejected_logps: number;
  /** Of sampling, where the line says it. */
  temperature: number | null;
  /** Of sampling, where the line says it. */
  top_p: number | null;
  /** Of sampling, where the line says it. */
  top_k: number | null;
  /** Of sampling, where the line says it. */
  min_p: number | null;
  /** Limit of the answers, where the line says it. */
  max_new_tokens: number | null;
  /** Snapshot that sampled both answers. */
  snapshot: string;
  /** Hash of its weights, where the line has one. */
  snapshot_hash: string | null;
  /** Policy of the reference log-probs. */
  reference: string;
  /** Who said which is better. */
  annotator: string | null;
  /** The answer that won, as the annotator saw them: "a" or "b". */
  verdict: string;
  /** The order in which the annotator saw them: "chosen,rejected", "rejected,chosen", or "both". */
  order: string;
  /** What the annotator said for it. */
  reason: string | null;
  /** In the annotator's own unit. */
  chosen_score: number | null;
  /** Of the other. */
  rejected_score: number | null;
  /** Phase that sampled it, from 0. */
  phase: number;
  /** Step that it was for, from 0. */
  step: number;
}

const COLUMNS: Columns<Omit<ExportedPair, keyof TrlColumns>> = {
  tokenizer_hash: "text",
  ...{ prompt_ids: "ints", chosen_ids: "ints", rejected_ids: "ints" },
  ...{ chosen_finish: "text", rejected_finish: "text" },
  ...{ chosen_logps: "reals", rejected_logps: "reals" },
  ...{ ref_chosen_logps: "real", ref_rejected_logps: "real" },
  ...{ temperature: "real", top_p: "real", top_k: "int", min_p: "real", max_new_tokens: "int" },
  ...{ snapshot: "text", snapshot_hash: "text", reference: "text" },
  ...{ annotator: "text", verdict: "text", order: "text", reason: "text" },
  ...{ chosen_score: "real", rejected_score: "real", phase: "int", step: "int" },
};

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

/** Checks one line's fields; errors name the file, the line and the field. */
class Line {
  constructor(
    readonly row: Readonly<Record<string, unknown>>,
    readonly file: string,
    readonly at: number,
  ) {}

  wrong(field: string, value: unknown, wanted: string): never {
    const found = value === undefined ? "missing" : show(value);
    throw new Mistake("data", {
      verb: "export",
      thing: this.file,
      found: `line ${this.at} ${field} is ${found}`,
      expected: wanted,
    });
  }

  text(value: unknown, field: string): string {
    return typeof value === "string" ? value : this.wrong(field, value, "text");
  }

  number(value: unknown, field: string): number {
    return Number.isFinite(value) ? value as number : this.wrong(field, value, "a number");
  }

  count(value: unknown, field: string): number {
    return isCount(value) ? value : this.wrong(field, value, "a whole number from 0 to 2147483647");
  }

  countOrNull(value: unknown, field: string): number | null {
    return value === undefined || value === null ? null : this.count(value, field);
  }

  ids(value: unknown, field: string): number[] {
    return Array.isArray(value) && value.every(isCount)
      ? value
      : this.wrong(field, value, "token ids");
  }

  answer(name: "a" | "b") {
    const answer = this.row[name];
    if (!isObject(answer)) return this.wrong(name, answer, "an answer");
    const ids = this.ids(answer.ids, `${name}.ids`);
    const { logps } = answer;
    if (!Array.isArray(logps) || logps.length !== ids.length || !logps.every(Number.isFinite)) {
      return this.wrong(`${name}.logps`, logps, `${ids.length} log-probs`);
    }
    const said: RecordedAnswer = {
      text: this.text(answer.text, `${name}.text`),
      ...(typeof answer.spelled === "string" ? { spelled: answer.spelled } : {}),
      isExact: answer.isExact === true,
      ...(isTurns(answer.turns) ? { turns: answer.turns } : {}),
    };
    return {
      ids,
      said,
      logps: logps as number[],
      finish: this.text(answer.finish, `${name}.finish`),
      reference: this.number(answer.referenceLogp, `${name}.referenceLogp`),
    };
  }
}

/** What a column of INT32 holds, from 0. */
const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && value as number >= 0 && value as number < 2 ** 31;
/** Turns as a record has them. */
function isTurns(value: unknown): value is readonly TrlMessage[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((turn) => isObject(turn) && typeof turn.role === "string");
}

const textOrNull = (value: unknown) => typeof value === "string" ? value : null;
const numberOrNull = (value: unknown) => typeof value === "number" ? value : null;

/**
 * What a pair's column `order` says: in which order the annotator saw both answers.
 *
 * @example
 * ```ts
 * import { shownOrder } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * assertEquals(shownOrder("b", "a,b"), "rejected,chosen");
 * assertEquals(shownOrder("b", "both"), "both");
 * ```
 *
 * @param outcome Which of the two won.
 * @param asked The `order` of the verdict; what is none of an order means as they came, a first.
 */
export function shownOrder(outcome: "a" | "b", asked: unknown): string {
  if (asked === "both") return asked;
  return (outcome === "a") === (asked !== "b,a") ? "chosen,rejected" : "rejected,chosen";
}

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
