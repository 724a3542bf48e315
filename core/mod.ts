/**
 * The workshop: models, LoRA ensembles, policies, annotators, optimiser steps, files, statistics.
 *
 * @module
 */
export * from "./random.ts";
export * from "./tape.ts";
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
export * from "./model/batch.ts";
export * from "./model/config.ts";
export * from "./model/init.ts";
export { forward, type Pass } from "./model/decoder.ts";
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
export * from "./lora/adapter.ts";
export * from "./lora/delta.ts";
export * from "./lora/factors.ts";
export * from "./lora/merge.ts";
export * from "./lora/svd.ts";
export { type ModuleTarget, selectModules, type SelectOptions } from "./lora/target_modules.ts";
export * from "./policy/generate.ts";
export * from "./policy/logps.ts";
export * from "./text/encode.ts";
export * from "./text/chat_template.ts";
export * from "./text/encode_chat.ts";
export * from "./text/end_of_turn.ts";
export { ExactNumber, parseExact, type Reviver } from "./text/exact_number.ts";
export * from "./text/pick_chat_template.ts";
export * from "./text/pretrained_tokenizer.ts";
export * from "./text/stream_decoder.ts";
export type { TemplateLimits } from "./text/template_meter.ts";
export * from "./text/spelled.ts";
export * from "./text/template_date.ts";
export * from "./text/tokenizer.ts";
export * from "./text/tokenizer_hash.ts";
export * from "./text/encode_examples.ts";
export * from "./text/examples.ts";
export * from "./text/read_pairs.ts";
export { detectFormat, type RowFormatName } from "./text/row_format.ts";
export { parseHumanAssistant } from "./text/row_messages.ts";
export { describeRows, type RowReport, type SkipCount } from "./text/row_report.ts";
export type { RowIdCounts } from "./text/row_token_ids.ts";
export type * from "./text/rows.ts";
export { templatedText } from "./text/templated_text.ts";
export * from "./annotator/mod.ts";
export * from "./eval/aggregates.ts";
export * from "./eval/bootstrap.ts";
export * from "./eval/paired_gain.ts";
export * from "./eval/win_rate.ts";
export * from "./eval/wilson.ts";
export * from "./optim/adamw.ts";
export * from "./optim/schedules.ts";
export * from "./fit_split.ts";
export * from "./micro_batches.ts";
export * from "./preference_batch.ts";
export * from "./state.ts";
export * from "./step.ts";
export * from "./metrics.ts";
export * from "./divergence.ts";
export * from "./sft.ts";
export * from "./sft_adapter.ts";
export type { AdapterRun } from "./adapter_pass.ts";
export * from "./io/codecs.ts";
