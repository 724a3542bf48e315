// The pairs of a run: those in use, those that come round again, and sums over all.
import { countPairs, type PairCounts, type PairRecord } from "../../scheduler/pairs.ts";
import { NO_COUNTS, type PairProgress, type RunCounts } from "../checkpoint.ts";
import type { PhasePairs } from "../sources/source.ts";

/** Plain data, and what follows from it. */
export class PairState {
  /** Pairs of the phase in progress. */
  records: readonly PairRecord[] = [];
  /** Pairs of the phases before it that the source wants to see again. */
  earlier: readonly (readonly PairRecord[])[] = [];
  /** Sums. */
  counts: RunCounts = NO_COUNTS;

  constructor(progress?: PairProgress) {
    if (progress === undefined) return;
    this.records = progress.records;
    this.earlier = progress.earlier ?? [];
    this.counts = progress.counts ?? NO_COUNTS;
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

  /** A step was trained on so many tokens. */
  takeStep(tokens: number): void {
    this.counts = { ...this.counts, trained: this.counts.trained + tokens };
  }

  /** What a checkpoint says of it. */
  progress(): PairProgress {
    const { records, earlier, counts } = this;
    return { records, ...(earlier.length > 0 ? { earlier } : {}), counts };
  }
}
