/** Mistakes in training/: which pairs a step takes, what a checkpoint counts, what a plan foresees. */
import type { MistakeRow } from "./mistake.ts";

/** One a row. */
export const TRAINING: readonly MistakeRow[] = [
  ["checkRecords", "r.step >= to", "r.step > to"],
  [
    "checkRecords",
    "r.snapshotId !== first.snapshotId || r.referenceId !== first.referenceId",
    "r.snapshotId !== first.snapshotId",
  ],
  ["PairCourse", "this.pairs.records[0]?.phase !== cadence.phaseOf(step)", "true"],
  ["Learner", 'reference.kind === "behaviour"),', "false),"],
  [
    "PairCourse",
    "this.pairs.records.filter((record) => record.step === step)",
    "this.pairs.records",
  ],
  ["Learner", "step: this.#updates, //", "step, //"],
  ["Learner", "valueAt(reference.rate, step)", "1"],
  [
    "startState",
    "params.length !== members * layout.size",
    "params.length < members * layout.size",
  ],
  ["planMemory", "rowsOf(b) - rowsOf(a)", "rowsOf(a) - rowsOf(b)"],
  ["planMemory", "live + dry.bytesPeak : Infinity", "dry.bytesPeak : Infinity"],
  ["klToStart", "total(logps) - sums[i]", "total(logps) + sums[i]"],
  ["correlation", "s[0] - s[1], t[0] - t[1]", "s[0] - s[1], t[1] - t[0]"],
  ["pairsOf", "b: others[i]", "b: others[0]"],
  ["tensorboardSink", "resumedAt + 1, restarts", "resumedAt, restarts"],
  ["maskedCrc32c", "(crc >>> 15) | (crc << 17)", "(crc >>> 17) | (crc << 15)"],
  ["choose", "one.score > best.score", "one.score >= best.score"],
  ["choose", "one.score <= worst.score", "one.score < worst.score"],
  ["mostDisputed", "logps[a] - logps[b]", "logps[a]"],
  ["buffered", "request.earlier.slice(-phases)", "request.earlier"],
  ["PairState", ".slice(-keeps)", ""],
  ["SequenceCursor", "this.#first += this.#batches.length;", ""],
  ["lossEvaluator", "mean(logps) * logps.length", "mean(logps)"],
  ["RunState", "isOpen ? { isOpen } : {}", "{}"],
  ["settleSft", "steps ?? epochSteps", "epochSteps"],
  ["patience", "rates.length - 1 - best >= evaluations", "rates.length - best >= evaluations"],
];
