/**
 * Leash aligns language models with preferences, online, on WebGPU or on the CPU: BPO (Xu et al., EMNLP 2024)
 * with LoRA ensembles and any pairwise loss.
 *
 * Here is what a run needs, in any browser too. All of it and more is under `@leash/bpo/backend` (devices and kernels),
 * `/losses`, `/core` (models, texts, annotators, formats), `/scheduler` (phases, snapshots) and `/training` (runs and
 * sinks); `/files` opens models by name and keeps runs in folders, and needs Deno.
 *
 * @module
 */
// The device.
export {
  chooseDevice,
  type Device,
  DeviceError,
  type DeviceInfo,
  openDevice,
  type OpenOptions,
} from "./backend/mod.ts";
// A model, its texts, and adapters to save and load.
export {
  type AdapterLayout,
  adapterLayout,
  chatTemplate,
  type Completion,
  completionLogps,
  fetchModelFolder,
  generate,
  keyOf,
  linearLayers,
  loadModel,
  loadPeftAdapter,
  type Model,
  peftFiles,
  readPairs,
  type Tokenizer,
  tokenizerFromJson,
} from "./core/mod.ts";
// What is learnt, and from whom.
export {
  dpo,
  ipo,
  lossByName,
  lossNames,
  type PreferenceLoss,
  slic,
  slicHf,
} from "./losses/mod.ts";
export {
  type Annotator,
  type Candidate,
  completionText,
  majority,
  nll,
  type Objective,
  pairwise,
  ruleAnnotator,
  type Verdict,
  withBudget,
  withCache,
  withNoise,
  withOrderSwap,
} from "./core/mod.ts";
// The run.
export {
  type Cadence,
  cadence,
  countPairs,
  promptIds,
  type Snapshot,
  uploadSnapshot,
} from "./scheduler/mod.ts";
export {
  bestAndWorst,
  buffered,
  evaluate,
  type EvaluateOptions,
  type Evaluation,
  memorySink,
  offline,
  online,
  pairRanker,
  type PairSelector,
  type PairSource,
  patience,
  planMemory,
  replayed,
  Run,
  type RunCheckpoint,
  type RunEvent,
  type RunOptions,
  type Sink,
  stopAtKl,
  stopAtWinRate,
  tensorboardSink,
} from "./training/mod.ts";
// What it comes to, and what goes wrong.
export { Diverged, Mistake, type MistakeCode, wilsonInterval, winRate } from "./core/mod.ts";
export { OutOfMemory } from "./training/mod.ts";
