// One exported pair: its columns beside those of TRL, and in which order the annotator saw both answers.
import type { TrlColumns } from "../../core/formats/datasets/trl_columns.ts";
import type { Columns } from "./write_rows.ts";

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

/** The types of the columns that are not TRL's. */
export const COLUMNS: Columns<Omit<ExportedPair, keyof TrlColumns>> = {
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
