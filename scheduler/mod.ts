/**
 * The clock of BPO: when to refresh the behaviour snapshot, how a phase collects its data, a run as an object.
 *
 * @module
 */
export * from "./alignment.ts";
export * from "./alignment_types.ts";
export * from "./cadence.ts";
export * from "./collect.ts";
export * from "./memory_plan.ts";
export {
  offlineAlignment,
  type OfflineOptions,
  type OfflinePair,
  type PairIds,
  pairRanker,
} from "./offline.ts";
export * from "./pairs.ts";
export * from "./prompts.ts";
export * from "./reference.ts";
export * from "./snapshot.ts";
