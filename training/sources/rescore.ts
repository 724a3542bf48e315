// Recorded pairs under the reference of a run: their own log-probs where those are its, else new ones.
import { completionLogps, sequenceOf } from "../../core/mod.ts";
import type { PairRecord } from "../../scheduler/pairs.ts";
import { total } from "./score_pairs.ts";
import type { PhaseRequest } from "./source.ts";

/** What recorded pairs are scored with. */
export type RescoreRequest = Pick<
  PhaseRequest,
  "device" | "model" | "phase" | "reference" | "mode"
>;

/**
 * Recorded pairs as those of a phase, with log-probs by its reference. The behaviour reference is always known: its
 * log-probs were recorded as the answers were sampled.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { tinyModel } from "@leash/bpo/core";
 * import { rescore } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const answer = (id: number) => ({
 *   ...{ text: "…", ids: [id], finish: "length" as const, logps: [-2.5], referenceLogp: -9 },
 * });
 * const record = {
 *   ...{ phase: 0, step: 4, prompt: "Hi", promptIds: [1, 9], a: answer(4), b: answer(5) },
 *   ...{ verdict: { outcome: "b" as const }, snapshotId: "snapshot-0", referenceId: "sft" },
 * };
 * const reference = { id: "snapshot-4" }; // of the run; the pairs' own was another snapshot
 * const [own] = await rescore({ device, model, phase: 2, reference, mode: "behaviour" }, [record]);
 * assertEquals([own.phase, own.a.referenceLogp, own.referenceId], [2, -2.5, "snapshot-0"]);
 * ```
 *
 * @param request The phase, its reference, and how that comes about.
 * @param isKnown Whether a record's log-probs are the reference's, where the mode is not "behaviour". Default: whether
 * they are by a policy of its name.
 */
export async function rescore(
  { device, model, phase, reference, mode }: RescoreRequest,
  records: readonly PairRecord[],
  isKnown: (record: PairRecord) => boolean = ({ referenceId }) => referenceId === reference.id,
): Promise<PairRecord[]> {
  const isBehaviour = mode === "behaviour";
  const known = (record: PairRecord) =>
    isBehaviour ? record.referenceId === record.snapshotId : isKnown(record);
  const unknown = isBehaviour ? [] : records.filter((record) => !known(record));
  const { sums } = unknown.length === 0 ? { sums: [] } : await completionLogps(
    device,
    model,
    unknown.flatMap(({ promptIds, a, b }) => [a, b].map(({ ids }) => sequenceOf(promptIds, ids))),
    { adapter: reference.adapter },
  );
  let at = 0;
  return records.map((record) => {
    if (known(record)) return { ...record, phase };
    const [a, b] = isBehaviour
      ? [total(record.a.logps), total(record.b.logps)]
      : [sums[at++], sums[at++]];
    return {
      ...record,
      phase,
      a: { ...record.a, referenceLogp: a },
      b: { ...record.b, referenceLogp: b },
      referenceId: isBehaviour ? record.snapshotId : reference.id,
    };
  });
}
