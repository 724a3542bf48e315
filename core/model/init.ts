// Fresh weights for training a Llama from nothing.
import type { HostTensors } from "../io/host_tensor.ts";
import { fold, type Key, normals } from "../random.ts";
import { type LlamaConfig, llamaTensorShapes } from "./config.ts";

/**
 * Fresh weights: norms 1, embeddings normal with σ 0.05, matrices normal with σ = 1/√in, and 1/√(2·layers) of that
 * for the two that write to the residual stream, so that its size does not grow with the depth.
 *
 * @example
 * ```ts
 * import { initLlama, keyOf, parseLlamaConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = parseLlamaConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * const tensors = initLlama(config, keyOf(1));
 * assertEquals(tensors.get("model.embed_tokens.weight")?.shape, [16, 8]);
 * ```
 *
 * @param config The model's sizes.
 * @param key Random key; each tensor draws from a key of its own.
 * @returns Host tensors by their Hugging Face names, for `loadLlama`.
 * @see Radford et al. 2019, section 2.3 (the residual scaling)
 */
export function initLlama(config: LlamaConfig, key: Key): HostTensors {
  const tensors: HostTensors = new Map();
  for (const [name, shape] of llamaTensorShapes(config)) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (shape.length === 1) {
      tensors.set(name, { shape, data: new Float32Array(size).fill(1) });
      continue;
    }
    const residual = /(o_proj|down_proj)/.test(name) ? 1 / Math.sqrt(2 * config.layers) : 1;
    const sigma = name.includes("embed_tokens") ? 0.05 : residual / Math.sqrt(shape[1]);
    tensors.set(name, { shape, data: normals(fold(key, name), size).map((x) => x * sigma) });
  }
  return tensors;
}
