// Fresh weights for training a model from nothing.
import type { HostTensors } from "../base/host_tensor.ts";
import { fold, type Key, normals } from "../base/random.ts";
import { familyOf } from "./families/mod.ts";
import { tensorShapes } from "./shapes.ts";
import type { ModelConfig } from "./types.ts";

/**
 * Fresh weights: norms 1, embeddings normal with σ 0.05, matrices normal with σ = 1/√in, and 1/√(2·layers) of that
 * for the two that write to the residual stream, so that its size does not grow with the depth.
 *
 * @example
 * ```ts
 * import { initModel, keyOf, parseModelConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = parseModelConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * const tensors = initModel(config, keyOf(1));
 * assertEquals(tensors.get("model.embed_tokens.weight")?.shape, [16, 8]);
 * ```
 *
 * @param config The model's sizes.
 * @param key Random key; each tensor draws from a key of its own.
 * @returns Host tensors by their Hugging Face names, for `loadModel`.
 * @see Radford et al. 2019, section 2.3 (the residual scaling)
 */
export function initModel(config: ModelConfig, key: Key): HostTensors {
  const tensors: HostTensors = new Map();
  const { names, norm, transposed = false } = familyOf(config);
  const residuals = [names.block.o, names.block.down].map((name) => `.${name}.weight`);
  for (const [name, shape] of tensorShapes(config)) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (shape.length === 1) {
      const start = name.endsWith(".bias") || norm === "rmsPlusOne" ? 0 : 1;
      tensors.set(name, { shape, data: new Float32Array(size).fill(start) });
      continue;
    }
    const residual = residuals.some((end) => name.endsWith(end))
      ? 1 / Math.sqrt(2 * config.layers)
      : 1;
    const embeds = name === `${names.embedding}.weight` || name === `${names.positions}.weight`;
    const inDim = transposed && name.startsWith(names.blocks) ? shape[0] : shape[1];
    const sigma = embeds ? 0.05 : residual / Math.sqrt(inDim);
    tensors.set(name, { shape, data: normals(fold(key, name), size).map((x) => x * sigma) });
  }
  return tensors;
}
