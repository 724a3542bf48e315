/**
 * The workshop: models, LoRA ensembles, policies, annotators, optimiser steps, files, statistics.
 *
 * @module
 */
export * from "./base/random.ts";
export * from "./ops/tape.ts";
export * from "./ops/activation.ts";
export * from "./ops/attention.ts";
export * from "./ops/bias.ts";
export * from "./ops/columns.ts";
export * from "./ops/elementwise.ts";
export * from "./ops/gather.ts";
export * from "./ops/gradient_checkpointing.ts";
export * from "./ops/linear.ts";
export * from "./ops/norm.ts";
export * from "./ops/rope.ts";
export * from "./batch/device_batch.ts";
export * from "./model/config.ts";
export * from "./model/init.ts";
export * from "./model/bind.ts";
export type * from "./model/bound_model.ts";
export { forward } from "./model/decoder.ts";
export {
  loadModel,
  type LoadOptions,
  LOCAL_ROPE_TABLE,
  type Model,
  type ModelWeights,
  ROPE_TABLE,
  streamModel,
} from "./model/load.ts";
export { defaultContext, longestContext, type RopeConfig, type RopeScaling } from "./model/rope.ts";
export { ropeFrequencies, rotaryTable } from "./model/rope_frequencies.ts";
export * from "./model/shapes.ts";
export * from "./model/tied_head.ts";
export * from "./model/tiny_model.ts";
export * from "./lora/adapter.ts";
export * from "./lora/delta.ts";
export * from "./lora/factors.ts";
export * from "./lora/host_mean.ts";
export * from "./lora/merge.ts";
export * from "./lora/svd.ts";
export { type ModuleTarget, selectModules, type SelectOptions } from "./lora/target_modules.ts";
export * from "./policy/completion_text.ts";
export * from "./policy/generate.ts";
export * from "./policy/logps.ts";
export { readRewards, rewardScores } from "./policy/rewards.ts";
export * from "./batch/packed_sequences.ts";
export type { ChatMessage } from "./text/template/chat_messages.ts";
export * from "./text/template/chat_template.ts";
export * from "./text/rows/encode_chat.ts";
export * from "./text/rows/end_of_turn.ts";
export { Mistake, type MistakeCode, type MistakeParts } from "./base/mistake.ts";
export { ExactNumber, parseExact, type Reviver } from "./base/exact_number.ts";
export * from "./text/template/pick_chat_template.ts";
export * from "./text/tokenizer/pretrained_tokenizer.ts";
export * from "./text/tokenizer/stream_decoder.ts";
export type { TemplateLimits } from "./text/template/meter.ts";
export * from "./text/tokenizer/spelled.ts";
export * from "./text/template/date.ts";
export * from "./text/tokenizer/tokenizer.ts";
export * from "./text/tokenizer/tokenizer_hash.ts";
export * from "./text/rows/encode_examples.ts";
export type { EncodeExampleOptions } from "./text/rows/encode_row.ts";
export * from "./text/rows/encoded.ts";
export * from "./text/rows/examples.ts";
export * from "./text/rows/read_pairs.ts";
export { detectFormat, type RowFormatName } from "./text/rows/format.ts";
export { parseHumanAssistant } from "./text/rows/messages.ts";
export { describeRows, type RowReport, type SkipCount } from "./text/rows/report.ts";
export type { RowIdCounts } from "./text/rows/token_ids.ts";
export type * from "./text/rows/rows.ts";
export { templatedText } from "./text/rows/templated_text.ts";
export * from "./annotator/mod.ts";
export * from "./judge/mod.ts";
export * from "./eval/aggregates.ts";
export * from "./eval/bootstrap.ts";
export * from "./eval/paired_gain.ts";
export * from "./eval/win_rate.ts";
export * from "./eval/wilson.ts";
export * from "./optim/adamw.ts";
export * from "./optim/schedules.ts";
export * from "./batch/fit_split.ts";
export * from "./batch/micro_batches.ts";
export * from "./batch/preference_batch.ts";
export * from "./train/state.ts";
export * from "./train/step.ts";
export {
  type HostPairMetrics,
  type MetricRow,
  overMembers,
  type RewardScale,
  skippedMembers,
  summarisePairs,
} from "./train/metrics.ts";
export * from "./train/divergence.ts";
export * from "./train/sft.ts";
export * from "./train/sft_state.ts";
export { type Head, type HeadPass, vocabularyHead } from "./train/head.ts";
export * from "./train/objective.ts";
export * from "./train/objectives/mod.ts";
export type { SequenceMetric } from "./train/sequence_slopes.ts";
export type { AdapterRun } from "./train/adapter_pass.ts";
export * from "./formats/mod.ts";
