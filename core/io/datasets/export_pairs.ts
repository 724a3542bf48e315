// The pairs that a run annotated, as a dataset: JSON lines or Parquet that `datasets.load_dataset` reads and TRL trains
// on, with everything beside the texts that says how each pair came about.
import type { DatasetRow } from "../../text/rows.ts";
import { openLocalFile } from "../local_file.ts";
import { isObject, show } from "../mistakes.ts";
import { jsonlRows } from "./jsonl_rows.ts";
import { type Columns, type PairsFormat, writeRows } from "./write_rows.ts";

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
}

/** One exported pair; the names are columns. */
export interface ExportedPair {
  /** What both answers continue. */
  prompt: string;
  /** Text of the answer that won, without its end token. */
  chosen: string;
  /** Text of the other. */
  rejected: string;
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

const COLUMNS: Columns<ExportedPair> = {
  ...{ prompt: "text", chosen: "text", rejected: "text" },
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
 * import { exportPairs, readJsonl } from "@leash/bpo/io";
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
 * @throws {TypeError} If a line is no annotated pair; the message has its number.
 */
export async function exportPairs(
  pairsJsonl: string,
  out: string,
  format: PairsFormat,
  options: ExportPairsOptions = {},
): Promise<ExportedPairs> {
  const counts = { pairs: 0, ties: 0, failed: 0 };
  using file = await openLocalFile(pairsJsonl);
  async function* pairs(): AsyncGenerator<ExportedPair> {
    if (file.size === 0) return; // a run that has no phase yet
    for await (const row of jsonlRows(file)) {
      const pair = pairOf(row, options.annotator ?? null);
      if (pair === "tie") counts.ties++;
      else if (pair === "failed") counts.failed++;
      else {
        counts.pairs++;
        yield pair;
      }
    }
  }
  await writeRows(out, format, COLUMNS, pairs());
  return counts;
}

/** Checks one line's fields; errors name the file, the line and the field. */
class Line {
  constructor(readonly row: Readonly<Record<string, unknown>>, readonly where: string) {}

  wrong(field: string, value: unknown, wanted: string): never {
    const found = value === undefined ? "missing" : show(value);
    throw new TypeError(`Cannot export ${this.where} ${field} is ${found}, expected ${wanted}`);
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
    return {
      ids,
      logps: logps as number[],
      text: this.text(answer.text, `${name}.text`),
      finish: this.text(answer.finish, `${name}.finish`),
      reference: this.number(answer.referenceLogp, `${name}.referenceLogp`),
    };
  }
}

/** What a column of INT32 holds, from 0. */
const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && value as number >= 0 && value as number < 2 ** 31;
const textOrNull = (value: unknown) => typeof value === "string" ? value : null;
const numberOrNull = (value: unknown) => typeof value === "number" ? value : null;

/**
 * What a pair's column `order` says: in which order the annotator saw both answers.
 *
 * @example
 * ```ts
 * import { shownOrder } from "@leash/bpo/io";
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
): ExportedPair | "tie" | "failed" {
  const line = new Line(row, `${file}: line ${number}`);
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
  return {
    prompt: line.text(row.prompt, "prompt"),
    chosen: chosen.text,
    rejected: rejected.text,
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
}
