// The embedded model's sizes.
import type { ModelConfig } from "../../core/mod.ts";

/** 0.6M parameters: about what twenty minutes on two cores can fill. */
export const CONFIG: ModelConfig = {
  vocabSize: 1024,
  hiddenSize: 96,
  intermediateSize: 256,
  layers: 5,
  heads: 6,
  kvHeads: 3,
  headDim: 16,
  ropeTheta: 10000,
  rmsEps: 1e-5,
  tied: true,
  maxPositions: 256,
  bosId: 0,
  eosId: [0],
  padId: 0,
};
