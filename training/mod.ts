/**
 * A run as an object: pairs from a source, an objective, schedules, sinks, and the state that a checkpoint needs.
 *
 * @module
 */
export * from "./answers.ts";
export * from "./checkpoint.ts";
export { type DriveableOptions } from "./driver.ts";
export * from "./driven_run.ts";
export * from "./evaluate.ts";
export * from "./evaluation_row.ts";
export * from "./evaluator.ts";
export * from "./events.ts";
export type { MemberOptions } from "./learner_start.ts";
export type { LearnerOptions } from "./pairs/learner_options.ts";
export type { LearnerState } from "./pairs/learner.ts";
export * from "./loss_evaluator.ts";
export * from "./memory_plan.ts";
export {
  learnPairs,
  type PairObjective,
  type PairStep,
  type PairStepResult,
} from "./pairs/objective.ts";
export type { BatchIds } from "./pairs/phase_records.ts";
export * from "./policy_evaluator.ts";
export * from "./run.ts";
export type { RunOptions, SettledOptions } from "./run_options.ts";
export * from "./selectors/best_and_worst.ts";
export * from "./selectors/first_two.ts";
export * from "./selectors/most_disputed.ts";
export * from "./selectors/selector.ts";
export type { Learnt } from "./sft/learner.ts";
export type {
  SettledSftOptions,
  SftCheckpoint,
  SftRunOptions,
  SftRunState,
} from "./sft/options.ts";
export * from "./sft_run.ts";
export * from "./sinks/memory.ts";
export * from "./sinks/sink.ts";
export * from "./sinks/tensorboard.ts";
export * from "./sources/buffered.ts";
export * from "./sources/collect.ts";
export {
  completions,
  type CompletionsOptions,
  epochSteps,
  type SequenceSource,
} from "./sources/completions.ts";
export { offline, type OfflinePair } from "./sources/offline.ts";
export * from "./sources/online.ts";
export * from "./sources/pair_ranker.ts";
export * from "./sources/replayed.ts";
export * from "./sources/rescore.ts";
export type { PairIds } from "./sources/score_pairs.ts";
export type * from "./sources/source.ts";
export * from "./stops.ts";
export * from "./text_metric.ts";
