// Qwen 2 and 2.5: Llama with biases on queries, keys and values. Yang et al. 2024, arXiv 2407.10671.
import { ACTIVATIONS, type Family, LLAMA_NAMES } from "../family.ts";
import { readRope } from "../rope.ts";
import { activationOf, biasesOf, layerKindsOf, ropeOf, slidingLayers, windowOf } from "./parts.ts";
import { decoderJson } from "./gguf_parts.ts";

/** With `use_sliding_window`, layers from `max_window_layers` on slide. */
export const qwen2: Family = {
  name: "qwen2",
  architectures: ["Qwen2ForCausalLM"],
  norm: "rms",
  names: LLAMA_NAMES,
  gguf: {
    architecture: "qwen2",
    config: (fields, factors) => ({ ...decoderJson(fields, factors), use_sliding_window: false }),
  },
  read: (fields, shared) => {
    const { headDim, layers, maxPositions } = shared;
    return {
      ...shared,
      ...activationOf(fields.choice("hidden_act", ACTIVATIONS, "silu")),
      ...ropeOf(readRope(fields, { headDim, maxPositions, theta: 10000 }), headDim),
      ...biasesOf({ qkv: true, o: false, mlp: false }),
      ...layerKindsOf(qwenLayers(fields, layers)),
    };
  },
};

/** Which layers of a Qwen slide. */
export function qwenLayers(
  fields: Parameters<Family["read"]>[0],
  layers: number,
): { rope: "global"; window?: number }[] {
  const uses = fields.flag("use_sliding_window");
  const window = uses && (fields.has("sliding_window") ||
      !Object.hasOwn(fields.json, "sliding_window"))
    ? fields.count("sliding_window", 4096)
    : undefined;
  const from = Number(fields.json.max_window_layers ?? 28);
  return slidingLayers(fields, layers, (layer) => window !== undefined && layer >= from)
    .map((slides) => ({ rope: "global", ...windowOf(window, slides) }));
}
