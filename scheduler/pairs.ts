// What one generated and annotated pair is: everything that a later reader or a replay could ask for.
import type { AskedOrder, Verdict } from "../core/mod.ts";

/** One sampled answer. */
export interface AnswerRecord {
  /** Decoded text, for people. */
  readonly text: string;
  /** Sampled ids, the end token included if it was sampled. */
  readonly ids: readonly number[];
  /** "stop" at an end token, "length" at the limit. */
  readonly finish: "stop" | "length";
  /** Behaviour log-prob of each id, nats. */
  readonly logps: readonly number[];
  /** Reference log-prob of the whole answer, nats. */
  readonly referenceLogp: number;
}

/** One line of `pairs.jsonl`. */
export interface PairRecord {
  /** Phase that generated it, from 0. */
  readonly phase: number;
  /** Training step that it belongs to, from 0. */
  readonly step: number;
  /** Prompt text. */
  readonly prompt: string;
  /** Prompt ids, BOS included. */
  readonly promptIds: readonly number[];
  /** First answer. */
  readonly a: AnswerRecord;
  /** Second answer. */
  readonly b: AnswerRecord;
  /** Who won, and why. */
  readonly verdict: Verdict;
  /** The order in which the annotator saw both answers; absent in older files. */
  readonly order?: AskedOrder;
  /** Who said it; absent in older files. */
  readonly annotator?: string;
  /** Snapshot that generated both. */
  readonly snapshotId: string;
  /** SHA-256 of its weights (`adapterHash`); absent for the bare model and in older files. */
  readonly snapshotHash?: string;
  /** Policy that computed the reference log-probs. */
  readonly referenceId: string;
}

/** Counts of a list of pairs. */
export interface PairCounts {
  /** All. */
  readonly pairs: number;
  /** Left out of training because neither won. */
  readonly ties: number;
  /** Left out because the annotator failed. */
  readonly failed: number;
}

/**
 * Count pairs, ties and failures.
 *
 * @example
 * ```ts
 * import { countPairs } from "@leash/bpo/scheduler";
 * import { assertEquals } from "@std/assert";
 * const answer = (id: number, referenceLogp: number) => ({
 *   ...{ text: "…", ids: [id], finish: "length" as const, logps: [-1], referenceLogp },
 * });
 * const record = {
 *   ...{ phase: 0, step: 0, prompt: "Hi", promptIds: [1, 9], a: answer(4, -2), b: answer(5, -3) },
 *   ...{ verdict: { outcome: "b" as const }, snapshotId: "snapshot-0", referenceId: "snapshot-0" },
 * };
 * const tie = { ...record, verdict: { outcome: "tie" as const } };
 * assertEquals(countPairs([record, tie]), { pairs: 2, ties: 1, failed: 0 });
 * ```
 */
export function countPairs(records: readonly PairRecord[]): PairCounts {
  const count = (outcome: string) => records.filter((r) => r.verdict.outcome === outcome).length;
  return { pairs: records.length, ties: count("tie"), failed: count("failed") };
}

/**
 * The record as training takes it, chosen first; undefined for ties and failures, which never train.
 *
 * @example
 * ```ts
 * import { tokenPair } from "@leash/bpo/scheduler";
 * import { assertEquals } from "@std/assert";
 * const answer = (id: number, referenceLogp: number) => ({
 *   ...{ text: "…", ids: [id], finish: "length" as const, logps: [-1], referenceLogp },
 * });
 * const record = {
 *   ...{ phase: 0, step: 0, prompt: "Hi", promptIds: [1, 9], a: answer(4, -2), b: answer(5, -3) },
 *   ...{ verdict: { outcome: "b" as const }, snapshotId: "snapshot-0", referenceId: "snapshot-0" },
 * };
 * assertEquals(tokenPair(record)?.chosen, [5]);
 * assertEquals(tokenPair({ ...record, verdict: { outcome: "tie" } }), undefined);
 * ```
 */
export function tokenPair(record: PairRecord): {
  prompt: readonly number[];
  chosen: readonly number[];
  rejected: readonly number[];
  referenceChosen: number;
  referenceRejected: number;
} | undefined {
  const { outcome } = record.verdict;
  if (outcome !== "a" && outcome !== "b") return undefined;
  const [chosen, rejected] = outcome === "a" ? [record.a, record.b] : [record.b, record.a];
  return {
    prompt: record.promptIds,
    chosen: chosen.ids,
    rejected: rejected.ids,
    referenceChosen: chosen.referenceLogp,
    referenceRejected: rejected.referenceLogp,
  };
}
