/**
 * A run as an object: pairs from somewhere, a loss, a clock, and the state that a checkpoint needs.
 *
 * @module
 */
export * from "./alignment.ts";
export * from "./alignment_types.ts";
export * from "./answers.ts";
export * from "./evaluate.ts";
export * from "./evaluation_row.ts";
export * from "./memory_plan.ts";
export {
  offlineAlignment,
  type OfflineOptions,
  type OfflinePair,
  type PairIds,
  pairRanker,
} from "./offline.ts";
export * from "./sinks/memory.ts";
export * from "./sinks/sink.ts";
export * from "./sinks/tensorboard.ts";
export * from "./text_metric.ts";
