// What one generated and annotated pair is: everything that a later reader or a replay could ask for.
import {
  type AskedOrder,
  type Message,
  type RowText,
  spellIds,
  type Tokenizer,
  type TokenizerRecord,
  tokenizerRecord,
  type Verdict,
} from "../core/mod.ts";

/** What a prompt was before it became ids. */
export interface PromptSource {
  /** Text, or the dialogue, its system message included. */
  readonly prompt: RowText;
  /** Tools that the chat template described. */
  readonly tools?: readonly unknown[];
}

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
  /** The answer with its special tokens spelt out; absent in older files. */
  readonly spelled?: string;
  /** Whether the prompt's spelling and the answer's, as one text, have the recorded ids. */
  readonly isExact?: boolean;
  /** The answer's turns, where a dataset has them. */
  readonly turns?: readonly Message[];
}

/** One line of `pairs.jsonl`. */
export interface PairRecord {
  /** Phase that generated it, from 0. */
  readonly phase: number;
  /** Training step that it belongs to, from 0. */
  readonly step: number;
  /** The prompt for people and annotators. */
  readonly prompt: string;
  /** Prompt ids, BOS included. */
  readonly promptIds: readonly number[];
  /** What the prompt was; absent where it is its text, and in older files. */
  readonly source?: PromptSource;
  /**
   * The prompt with its special tokens spelt out, the begin token only where the tokenizer does not put it before text
   * or the prompt is a dialogue; absent in older files.
   */
  readonly spelled?: string;
  /** Whose ids these are; absent in older files. */
  readonly tokenizer?: TokenizerRecord;
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
  /** Which two of how many answers these are; absent where two were sampled. */
  readonly group?: PairGroup;
  /** Phase that generated it, where a replay buffer has brought it back for another. */
  readonly replayedFrom?: number;
}

/** Where a pair comes from when a prompt has more than two answers. */
export interface PairGroup {
  /** Answers that were sampled. */
  readonly size: number;
  /** Places of both among them, in the order in which they were sampled. */
  readonly places: readonly [a: number, b: number];
  /** Name of the selector. */
  readonly selector: string;
  /** What it chose by, one number an answer, where it says so; null where there was none. */
  readonly scores?: readonly (number | null)[];
}

/** What {@link spelledRecords} needs of a record. */
export interface UnspelledRecord extends Pick<PairRecord, "promptIds" | "source"> {
  /** First answer. */
  readonly a: Pick<AnswerRecord, "ids">;
  /** Second answer. */
  readonly b: Pick<AnswerRecord, "ids">;
}

/** What {@link spelledRecords} adds. */
export interface Spelling extends Pick<PairRecord, "spelled" | "tokenizer"> {
  /** First answer. */
  readonly a: Pick<AnswerRecord, "spelled" | "isExact">;
  /** Second answer. */
  readonly b: Pick<AnswerRecord, "spelled" | "isExact">;
}

/**
 * Records with their ids spelt out and the tokenizer named, so that other programs can be given the same tokens; as
 * they are where no file made the tokenizer.
 *
 * @example
 * ```ts
 * import { tokenizerFromJson } from "@leash/bpo/core";
 * import { spelledRecords } from "@leash/bpo/scheduler";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = tokenizerFromJson({
 *   added_tokens: [{ id: 0, content: "<e>", special: true }],
 *   pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
 *   decoder: { type: "ByteLevel" },
 *   model: { type: "BPE", vocab: { "<e>": 0, a: 1, b: 2 }, merges: [] },
 * });
 * const [record] = await spelledRecords(tokenizer, [
 *   { promptIds: [0, 1], a: { ids: [2, 0] }, b: { ids: [2] } },
 * ]);
 * assertEquals([record.spelled, record.a.spelled, record.b.isExact], ["<e>a", "b<e>", true]);
 * ```
 *
 * @param tokenizer The ids' own.
 * @param records Records of it.
 */
export async function spelledRecords<R extends UnspelledRecord>(
  tokenizer: Tokenizer,
  records: readonly R[],
): Promise<(R & Spelling)[]> {
  const known = await tokenizerRecord(tokenizer);
  if (known === undefined) return [...records];
  return records.map((record) => {
    const { promptIds, a, b, source } = record;
    const isWhole = Array.isArray(source?.prompt);
    const { prompt, answers } = spellIds(tokenizer, promptIds, [a.ids, b.ids], { isWhole })!;
    const [left, right] = answers.map(({ text, isExact }) => ({ spelled: text, isExact }));
    return {
      ...record,
      spelled: prompt,
      tokenizer: known,
      a: { ...a, ...left },
      b: { ...b, ...right },
    };
  });
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
