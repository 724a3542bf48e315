// The sizes that everything is measured at: a training step of the embedded model.
import embedded from "../../stories/model/config.json" with { type: "json" };
import { type ModelConfig, parseModelConfig } from "../../core/mod.ts";
import type { Size } from "./harness.ts";

/** The embedded model's shape. */
export const config: ModelConfig = parseModelConfig(embedded, "stories/model/config.json");

/** Rank of a member's LoRA factors. */
export const RANK = 8;
/** Members of the ensemble. */
export const MEMBERS = 5;
/** Tokens of a sequence: a prompt of 20 and a completion of 40. */
export const LENGTH = 60;
/** Tokens of a prompt. */
export const PROMPT = 20;

/** Rows of a step. */
export interface StepSizes {
  /** B, pairs a member. */
  readonly pairs: number;
  /** Sequences of all members. */
  readonly sequences: number;
  /** Rows of one member. */
  readonly memberRows: number;
  /** R, rows of all members. */
  readonly rows: number;
  /** H, rows that the head sees, of all members. */
  readonly headRows: number;
}

/** 16 pairs, or 1 where the adapter is a software one. */
export function stepSizes(size: Size): StepSizes {
  const pairs = size === "full" ? 16 : 1, sequences = MEMBERS * 2 * pairs;
  return {
    pairs,
    sequences,
    memberRows: 2 * pairs * LENGTH,
    rows: sequences * LENGTH,
    headRows: sequences * (LENGTH - PROMPT),
  };
}
