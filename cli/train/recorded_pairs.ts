// Where a run's pairs come from when it does not generate them.
import type { PairRecord } from "../../scheduler/mod.ts";

/** Pairs that are there before the run: another run's, or a dataset's. */
export interface RecordedPairs {
  /** Pairs of the steps from `from` to before `to`, with reference log-probs, as one phase of the run. */
  phase(
    span: readonly [from: number, to: number],
    phase: number,
    signal: AbortSignal,
  ): Promise<PairRecord[]>;
}
