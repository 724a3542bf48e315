// A run's state as a checkpoint holds it: arrays by name, plain data beside them, and the records in the log of pairs.
import type { PairRecord } from "../scheduler/mod.ts";
import type { EvaluationNumbers, RunCheckpoint } from "../training/mod.ts";
import { readJsonl } from "./jsonl.ts";
import { logPath } from "./run_logs.ts";

/** What of a state is no array. */
export interface RunStateMeta<E extends EvaluationNumbers = EvaluationNumbers>
  extends Omit<RunCheckpoint<E>, "train" | "snapshot" | "ema" | "records"> {
  /** Steps done. */
  readonly step: number;
  /** Steps among them that changed the members. */
  readonly updates: number;
  /** Name of the behaviour snapshot in force; null before the first phase. */
  readonly snapshotId: string | null;
  /** Phase whose records the state has; null where it has none. */
  readonly recordsPhase: number | null;
}

/** A state in two parts. */
export interface PackedRunState {
  /** By name: params, m, v, and snapshot and ema where they are. */
  readonly arrays: ReadonlyMap<string, Float32Array>;
  /** The rest, besides the records. */
  readonly meta: RunStateMeta;
}

/** The parts of a state; its records are to be in the log of pairs. */
export function packRunState(
  { step, updates, train, snapshot, ema, records, ...progress }: RunCheckpoint,
): PackedRunState {
  return {
    arrays: new Map([
      ["params", train.params],
      ["m", train.m],
      ["v", train.v],
      ...(snapshot ? [["snapshot", snapshot.params] as const] : []),
      ...(ema ? [["ema", ema] as const] : []),
    ]),
    meta: {
      step,
      updates,
      snapshotId: snapshot?.id ?? null,
      recordsPhase: records[0]?.phase ?? null,
      ...progress,
    },
  };
}

/** Where the parts of a state come from. */
export interface StateSource {
  /** The run's folder. */
  readonly dir: string;
  /** Bytes of the log of pairs at the moment of the checkpoint. */
  readonly pairsBytes: number;
  /** The names of the arrays. */
  readonly arrays: { has(name: string): boolean };
  /** One of them; throws where it is missing. */
  array(name: string): Float32Array;
}

/** The state again. */
export async function unpackRunState<E extends EvaluationNumbers>(
  meta: RunStateMeta<E>,
  { dir, pairsBytes, arrays, array }: StateSource,
): Promise<RunCheckpoint<E>> {
  const { step, updates, snapshotId, recordsPhase } = meta;
  const { counts, evaluations, earlier, isOpen, stopped } = meta;
  return {
    step,
    updates,
    train: { params: array("params"), m: array("m"), v: array("v") },
    ...(snapshotId === null ? {} : { snapshot: { id: snapshotId, params: array("snapshot") } }),
    ...(arrays.has("ema") ? { ema: array("ema") } : {}),
    records: recordsPhase === null
      ? []
      : await readPhase(logPath(dir, "pairs"), pairsBytes, recordsPhase),
    ...(counts && { counts }),
    ...(evaluations && { evaluations }),
    ...(earlier && { earlier }),
    ...(isOpen && { isOpen }),
    ...(stopped === undefined ? {} : { stopped }),
  };
}

/** Records of one phase among the first `bytes` of a log of pairs. */
async function readPhase(path: string, bytes: number, phase: number): Promise<PairRecord[]> {
  const lines = await readJsonl(path, { bytes }) as (PairRecord & { sampling?: unknown })[];
  const records = lines.filter((record) => record.phase === phase);
  return records.map(({ sampling: _sampling, ...record }) => record);
}
