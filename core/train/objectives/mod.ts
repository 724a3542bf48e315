// The objectives that there are, one a file.
export { aot, type AotOptions, aotUnpaired } from "./aot.ts";
export {
  kto,
  type KtoBatch,
  ktoBatch,
  type KtoMetric,
  type KtoOptions,
  type KtoRow,
  mismatched,
} from "./kto.ts";
export * from "./nll.ts";
export { pairwise } from "./pairwise.ts";
export {
  bradleyTerry,
  type BradleyTerryOptions,
  type RewardBatch,
  rewardBatch,
  rewardHead,
  type RewardMetric,
  type RewardPair,
} from "./reward.ts";
