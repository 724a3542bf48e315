// Where a run is: what changes as it goes, besides the weights.
import { countPairs, type PairCounts, type PairRecord } from "../scheduler/pairs.ts";
import type { Cadence } from "../scheduler/cadence.ts";
import { NO_COUNTS, type RunCheckpoint, type RunCounts } from "./checkpoint.ts";
import type { EvaluationAt, EvaluationNumbers } from "./evaluator.ts";
import type { LearnerState } from "./learner.ts";
import type { PhasePairs } from "./sources/source.ts";

/** Plain data, and what follows from it. */
export class RunState<E extends EvaluationNumbers> {
  /** Steps done. */
  step = 0;
  /** Pairs of the phase in progress. */
  records: readonly PairRecord[] = [];
  /** Pairs of the phases before it that the source wants to see again. */
  earlier: readonly (readonly PairRecord[])[] = [];
  /** Sums. */
  counts: RunCounts = NO_COUNTS;
  /** The one at the start first. */
  evaluations: readonly EvaluationAt<E>[] = [];
  /** Whether what follows the newest step is still to come. */
  isOpen = false;
  /** Why it ended early. */
  stopped: string | undefined;

  constructor(readonly cadence: Cadence, checkpoint?: RunCheckpoint<E>) {
    if (checkpoint === undefined) return;
    this.step = checkpoint.step;
    this.records = checkpoint.records;
    this.earlier = checkpoint.earlier ?? [];
    this.counts = checkpoint.counts ?? NO_COUNTS;
    this.evaluations = checkpoint.evaluations ?? [];
    this.isOpen = checkpoint.isOpen ?? false;
    this.stopped = checkpoint.stopped;
  }

  /** Whether no step is left to do. */
  get done(): boolean {
    return this.step >= this.cadence.steps || this.stopped !== undefined;
  }

  /** Of the next step. */
  get phase(): number {
    return this.cadence.phaseOf(this.step);
  }

  /** Whether the next step starts a phase that has no pairs yet. */
  get phaseDue(): boolean {
    return !this.done && this.cadence.isDue(this.step) && this.records[0]?.phase !== this.phase;
  }

  /** What a source that wants to see so many phases again is given by the next phase. */
  remembered(keeps: number): readonly (readonly PairRecord[])[] {
    const own = this.records.filter(({ replayedFrom }) => replayedFrom === undefined);
    return keeps === 0 || own.length === 0 ? [] : [...this.earlier, own].slice(-keeps);
  }

  /** A phase has its pairs. */
  takePairs(
    { records, generated }: PhasePairs,
    earlier: readonly (readonly PairRecord[])[],
  ): PairCounts {
    this.records = records;
    this.earlier = earlier;
    const counts = countPairs(records), before = this.counts;
    this.counts = {
      pairs: before.pairs + counts.pairs,
      ties: before.ties + counts.ties,
      failed: before.failed + counts.failed,
      generated: before.generated + generated,
      trained: before.trained,
    };
    return counts;
  }

  /** A step is done that was trained on so many tokens; what follows it is to come. */
  takeStep(tokens: number): void {
    this.step++;
    this.isOpen = true;
    this.counts = { ...this.counts, trained: this.counts.trained + tokens };
  }

  /** With the weights as they are. */
  checkpoint(learner: LearnerState): RunCheckpoint<E> {
    const { step, records, earlier, counts, evaluations, isOpen, stopped } = this;
    return {
      step,
      ...learner,
      records,
      ...(earlier.length > 0 ? { earlier } : {}),
      counts,
      ...(evaluations.length > 0 ? { evaluations } : {}),
      ...(isOpen ? { isOpen } : {}),
      ...(stopped === undefined ? {} : { stopped }),
    };
  }
}
