/** Mistakes in training/: which pairs a step takes, what a checkpoint counts, what a plan foresees. */
import type { MistakeRow } from "./mistake.ts";

/** One a row. */
export const TRAINING: readonly MistakeRow[] = [
  ["checkRecords", "r.step >= to", "r.step > to"],
  [
    "checkRecords",
    "r.snapshotId !== snapshotId || r.referenceId !== referenceId",
    "r.snapshotId !== snapshotId",
  ],
  ["Alignment", "this.#records[0]?.phase !== cadence.phaseOf(this.#step)", "true"],
  ["Alignment", 'requireSame: reference.kind === "behaviour"', "requireSame: false"],
  ["Alignment", "this.#records.filter((r) => r.step === step)", "this.#records"],
  ["Alignment", "step: this.#updates, //", "step, //"],
  ["Alignment", "this.members(), rate,", "this.members(), 1,"],
  [
    "startState",
    "params.length !== members * layout.size",
    "params.length < members * layout.size",
  ],
  ["planMemory", "rowsOf(b) - rowsOf(a)", "rowsOf(a) - rowsOf(b)"],
  ["planMemory", "live + dry.bytesPeak : Infinity", "dry.bytesPeak : Infinity"],
  ["klToStart", "sum + l, 0) - sums[i]", "sum + l, 0) + sums[i]"],
  ["correlation", "s[0] - s[1], t[0] - t[1]", "s[0] - s[1], t[1] - t[0]"],
  ["pairsOf", "b: others[i]", "b: others[0]"],
  ["tensorboardSink", "resumedAt + 1, restarts", "resumedAt, restarts"],
  ["maskedCrc32c", "(crc >>> 15) | (crc << 17)", "(crc >>> 17) | (crc << 15)"],
];
