// The sizes that everything is measured at: a training step of the embedded model.
import type { LlamaConfig } from "../../core/mod.ts";
import type { Size } from "./harness.ts";

/** The embedded model's shape. */
export const config: LlamaConfig = {
  vocabSize: 1024,
  hiddenSize: 96,
  intermediateSize: 256,
  layers: 5,
  heads: 6,
  kvHeads: 3,
  headDim: 16,
  ropeTheta: 10000,
  rmsEps: 1e-5,
  tied: true,
  maxPositions: 256,
};

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
