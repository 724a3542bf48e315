/**
 * The workshop: models, LoRA ensembles, policies, annotators, optimiser steps, files, statistics.
 *
 * @module
 */
export * from "./random.ts";
export * from "./tape.ts";
export * from "./ops.ts";
export * from "./model/batch.ts";
export * from "./model/config.ts";
export * from "./model/init.ts";
export {
  forward,
  headName,
  linearLayers,
  type Llama,
  type LlamaWeights,
  loadLlama,
  type Pass,
  ROPE_TABLE,
} from "./model/llama.ts";
export * from "./lora/adapter.ts";
export * from "./lora/factors.ts";
export * from "./lora/merge.ts";
export * from "./policy/generate.ts";
export * from "./policy/logps.ts";
export * from "./text/encode.ts";
export * from "./text/tokenizer.ts";
export * from "./annotator/mod.ts";
export * from "./eval/aggregates.ts";
export * from "./eval/bootstrap.ts";
export * from "./eval/win_rate.ts";
export * from "./optim/schedules.ts";
export * from "./preference_batch.ts";
export * from "./state.ts";
export * from "./step.ts";
export * from "./metrics.ts";
export * from "./sft.ts";
export * from "./io/codecs.ts";
