// Phi-3: queries, keys and values in one layer, gate and up in another. Abdin et al. 2024, arXiv 2404.14219.
import { ACTIVATIONS, type Family, LLAMA_NAMES } from "../family.ts";
import { readRope } from "../rope.ts";
import { activationOf, layerKindsOf, ropeOf, windowOf } from "./parts.ts";
import { decoderJson, turning } from "./gguf_parts.ts";

/** Every layer slides, where `sliding_window` is given. */
export const phi3: Family = {
  name: "phi3",
  architectures: ["Phi3ForCausalLM"],
  norm: "rms",
  names: {
    ...LLAMA_NAMES,
    block: {
      attentionNorm: "input_layernorm",
      attention: { qkv: "self_attn.qkv_proj", layout: "rows" },
      o: "self_attn.o_proj",
      mlpNorm: "post_attention_layernorm",
      mlp: { gateUp: "mlp.gate_up_proj" },
      down: "mlp.down_proj",
    },
  },
  gguf: {
    architecture: "phi3",
    config: (fields, factors) => {
      const json = decoderJson(fields, factors);
      // Files of 2024 leave out the window of the models with 4,096 positions.
      const deep = [32, 40].includes(fields.size(".block_count"));
      const unsaid = deep && json.max_position_embeddings === 4096 ? 2047 : 0;
      return {
        ...json,
        partial_rotary_factor: turning(fields),
        original_max_position_embeddings: fields.size(
          ".rope.scaling.original_context_length",
          fields.size(".context_length"),
        ),
        sliding_window: fields.count(".attention.sliding_window", unsaid) || null,
      };
    },
  },
  read: (fields, shared) => {
    const { headDim, layers, maxPositions } = shared;
    const window = fields.has("sliding_window") ? fields.count("sliding_window") : undefined;
    fields.refuse("attention_bias", false);
    return {
      ...shared,
      rmsEps: fields.positive("rms_norm_eps", 1e-5),
      ...activationOf(fields.choice("hidden_act", ACTIVATIONS, "silu")),
      ...ropeOf(readRope(fields, { headDim, maxPositions, theta: 10000 }), headDim),
      ...layerKindsOf(
        Array.from({ length: layers }, () => ({ rope: "global", ...windowOf(window, true) })),
      ),
    };
  },
};
