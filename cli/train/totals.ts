// What a run has done so far, as plain data that a checkpoint keeps.
import type { DeviceStats } from "../../backend/mod.ts";
import type { Evaluation, EvaluationAt } from "../../training/mod.ts";

/** Sums over a run, all processes that worked on it together. */
export interface RunTotals {
  /** Wall clock, seconds. */
  readonly seconds: number;
  /** Wall clock of collecting and training, seconds. */
  readonly workSeconds: number;
  /** Tokens sampled for pairs. */
  readonly generated: number;
  /** Prompt and completion tokens that steps were trained on. */
  readonly trained: number;
  /** Pairs collected. */
  readonly pairs: number;
  /** Of them: neither won. */
  readonly ties: number;
  /** Of them: the annotator failed. */
  readonly failed: number;
  /** Kernels that ran. */
  readonly dispatches: number;
  /** Command lists that were submitted. */
  readonly submits: number;
  /** Copies to the host. */
  readonly readbacks: number;
  /** Most bytes on the device at once. */
  readonly bytesPeak: number;
  /** Evaluations so far, the one at the start first. */
  readonly evaluations: readonly EvaluationAt<Evaluation>[];
  /** The SFT model, decoded greedily. */
  readonly greedyBefore?: Evaluation;
  /** The trained policy, decoded greedily. */
  readonly greedyAfter?: Evaluation;
  /** Of the trained policy to the one it started from, by samples at temperature 1, nats a sequence. */
  readonly klAtOne?: number;
}

/** Nothing done. */
export const NOTHING_DONE: RunTotals = {
  seconds: 0,
  workSeconds: 0,
  generated: 0,
  trained: 0,
  pairs: 0,
  ties: 0,
  failed: 0,
  dispatches: 0,
  submits: 0,
  readbacks: 0,
  bytesPeak: 0,
  evaluations: [],
};

/** Totals of earlier processes with what this one has spent on top. */
export function withDevice(
  earlier: RunTotals,
  now: RunTotals,
  stats: DeviceStats,
  seconds: number,
): RunTotals {
  return {
    ...now,
    seconds: earlier.seconds + seconds,
    dispatches: earlier.dispatches + stats.dispatches,
    submits: earlier.submits + stats.submits,
    readbacks: earlier.readbacks + stats.readbacks,
    bytesPeak: Math.max(earlier.bytesPeak, stats.bytesPeak),
  };
}
