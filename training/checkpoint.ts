// What a run is on the host: enough to go on from, bit for bit.
import type { PairRecord } from "../scheduler/pairs.ts";
import type { EvaluationAt, EvaluationNumbers } from "./evaluator.ts";
import type { LearnerState } from "./pairs/learner.ts";

/** Sums over a run. */
export interface RunCounts {
  /** Pairs collected. */
  readonly pairs: number;
  /** Of them: neither won. */
  readonly ties: number;
  /** Of them: the annotator failed. */
  readonly failed: number;
  /** Tokens sampled for pairs. */
  readonly generated: number;
  /** Prompt and completion tokens that steps were trained on. */
  readonly trained: number;
}

/** Nothing done. */
export const NO_COUNTS: RunCounts = { pairs: 0, ties: 0, failed: 0, generated: 0, trained: 0 };

/**
 * Where a run is, whatever it teaches.
 *
 * @typeParam E Numbers of its evaluations.
 */
export interface RunMoment<E extends EvaluationNumbers = EvaluationNumbers> {
  /** Steps done. */
  readonly step: number;
  /** Evaluations so far; absent for none. */
  readonly evaluations?: readonly EvaluationAt<E>[];
  /** Whether what follows the newest step, an evaluation or the end of a phase, is still to come; default false. */
  readonly isOpen?: boolean;
  /** Why the run ended before its last step; absent where it did not. */
  readonly stopped?: string;
}

/** The pairs of a run at a moment. */
export interface PairProgress {
  /** Records of the phase in progress. */
  readonly records: readonly PairRecord[];
  /** Those of earlier phases that the source wants to see again, oldest first; absent for none. */
  readonly earlier?: readonly (readonly PairRecord[])[];
  /** Sums so far; absent for none. */
  readonly counts?: RunCounts;
}

/**
 * State of a run on the host: with the same options it continues bit for bit on the same kind of device.
 *
 * @typeParam E Numbers of its evaluations.
 */
export interface RunCheckpoint<E extends EvaluationNumbers = EvaluationNumbers>
  extends RunMoment<E>, LearnerState, PairProgress {}
