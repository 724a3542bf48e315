// Which records may be the pairs of a phase, and whose those of a step are.
import type { Cadence } from "../../scheduler/cadence.ts";
import type { PairRecord } from "../../scheduler/pairs.ts";

/**
 * Refuses what a phase cannot be made of.
 *
 * @throws {RangeError} If there is no record, one belongs to another phase or step, or they come from different policies
 * and no replay buffer has brought them back.
 */
export function checkRecords(
  records: readonly PairRecord[],
  phase: number,
  cadence: Cadence,
): void {
  const refuse = (found: string, expected: string) => {
    throw new RangeError(`Cannot load pairs: ${found}, expected ${expected}`);
  };
  const [from, to] = cadence.span(phase);
  const place = `pairs of phase ${phase}, steps ${from} to ${to - 1}`;
  if (records.length === 0) refuse("there is none", place);
  const first = records.find(({ replayedFrom }) => replayedFrom === undefined) ?? records[0];
  for (const r of records) {
    if (r.phase !== phase || r.step < from || r.step >= to) {
      refuse(`one is of phase ${r.phase}, step ${r.step}`, place);
    }
    if (r.replayedFrom !== undefined) continue;
    if (r.snapshotId !== first.snapshotId || r.referenceId !== first.referenceId) {
      refuse(
        `one is of ${r.snapshotId} and ${r.referenceId}`,
        `one policy for all, ${first.snapshotId} and ${first.referenceId}`,
      );
    }
  }
}

/** Whose the pairs of a batch are, as `preferenceBatch` asks. */
export interface BatchIds {
  /** The snapshots that wrote them; more than one with commas between. */
  readonly snapshotId: string;
  /** The policies that scored them. */
  readonly referenceId: string;
  /** Whether both must be the same: in BPO each pair is held to the snapshot that wrote it. */
  readonly requireSame: boolean;
}

/** The ids of a step's pairs: of the pair that is wrong, where each must be held to its own snapshot and one is not. */
export function batchIds(records: readonly PairRecord[], requireSame: boolean): BatchIds {
  const wrong = records.find(({ snapshotId, referenceId }) => snapshotId !== referenceId);
  const of = requireSame && wrong !== undefined ? [wrong] : records;
  const all = (ids: readonly string[]) => [...new Set(ids)].join(", ");
  return {
    snapshotId: all(of.map(({ snapshotId }) => snapshotId)),
    referenceId: all(of.map(({ referenceId }) => referenceId)),
    requireSame,
  };
}
