// A pair as another run recorded it.
import type { PairRecord } from "../../scheduler/mod.ts";

/** One with a winner, of phase 5 and step 0, written by snapshot-0. */
export function recordedPair(referenceId = "snapshot-0"): PairRecord {
  const answer = (id: number) =>
    ({ text: "", ids: [id, 9], finish: "length", logps: [-1, -2], referenceLogp: -7 }) as const;
  return {
    phase: 5,
    step: 0,
    prompt: "p",
    promptIds: [0, 3],
    a: answer(4),
    b: { ...answer(5), logps: [-1, -4] },
    verdict: { outcome: "a" },
    snapshotId: "snapshot-0",
    referenceId,
  };
}
