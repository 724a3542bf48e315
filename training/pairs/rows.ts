// The rows of a run: what the streams of its sinks get of each event.
import { countPairs, type PairRecord } from "../../scheduler/pairs.ts";
import type { MetricRow } from "../../core/mod.ts";
import { scoreMetrics } from "./score_metrics.ts";

/**
 * `metrics` of a phase that has its pairs.
 *
 * @param phase From 0; rows count phases from 1.
 * @param step Its first.
 */
export function collectRow(phase: number, step: number, records: readonly PairRecord[]): object {
  const { pairs, ties, failed } = countPairs(records);
  return {
    step,
    phase: phase + 1,
    "collect/pairs": pairs,
    "collect/ties": ties,
    "collect/failed": failed,
    "val/contain_eos_token": shareStopped(records),
  };
}

/** Share of the answers of pairs that ended by themselves. */
export function shareStopped(records: readonly Pick<PairRecord, "a" | "b">[]): number {
  const answers = records.flatMap(({ a, b }) => [a, b]);
  return answers.filter(({ finish }) => finish === "stop").length / answers.length;
}

/** A step on pairs, and how far the run is. */
export interface StepRowParts {
  /** From 0. */
  readonly step: number;
  /** From 0. */
  readonly phase: number;
  /** Pairs that trained. */
  readonly pairs: number;
  /** TRL's names; empty where none trained. */
  readonly metrics: MetricRow;
  /** Times through the source so far; absent where it has no epochs. */
  readonly epoch: number | undefined;
  /** Of the step. */
  readonly records: readonly PairRecord[];
  /** Tokens trained so far, with the step's. */
  readonly tokens: number;
}

/** `metrics` of a step: step, phase and epoch after it, TRL's names. */
export function stepRow(
  { step, phase, pairs, metrics: { step_tokens: _own, ...metrics }, epoch, records, tokens }:
    StepRowParts,
): object {
  return {
    step: step + 1,
    phase: phase + 1,
    ...(epoch === undefined ? {} : { epoch }),
    pairs,
    ...metrics,
    ...scoreMetrics(records, metrics),
    num_tokens: tokens,
  };
}
