// The smallest model that trains: for examples, and for trying a loop out before there are weights.
import type { Device } from "../../backend/mod.ts";
import { type Key, keyOf } from "../base/random.ts";
import { parseModelConfig } from "./config.ts";
import { initModel } from "./init.ts";
import { loadModel, type Model } from "./load.ts";

/**
 * A Llama of one layer with random weights: 16 tokens, 8 features, 2 heads, 2048 positions, no end token.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { tinyModel } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * assertEquals(model.config.vocabSize, 16);
 * ```
 *
 * @param device Where its weights lie; the caller disposes `weights`.
 * @param key Of the weights; by default always the same.
 */
export function tinyModel(device: Device, key: Key = keyOf(1)): Model {
  const config = parseModelConfig({
    ...{ model_type: "llama", vocab_size: 16, hidden_size: 8, intermediate_size: 12 },
    ...{ num_hidden_layers: 1, num_attention_heads: 2 },
  }, "config.json");
  return loadModel(device, config, initModel(config, key));
}
