// StarCoder 2: grouped queries at rotary positions in GPT-2's shape: LayerNorm, biases, a plain MLP. Lozhkov et al. 2024,
// arXiv 2402.19173.
import { ACTIVATIONS, type Family, LLAMA_NAMES } from "../family.ts";
import { readRope } from "../rope.ts";
import { has, kvHeads, vocabulary } from "./gguf_parts.ts";
import { activationOf, biasesOf, layerKindsOf, ropeOf, windowOf } from "./parts.ts";

/** Every layer slides, where `sliding_window` is given; a GGUF file has no window, nor does llama.cpp. */
export const starcoder2: Family = {
  name: "starcoder2",
  architectures: ["Starcoder2ForCausalLM"],
  norm: "layer",
  tiedByDefault: true,
  names: {
    ...LLAMA_NAMES,
    block: { ...LLAMA_NAMES.block, mlp: { up: "mlp.c_fc" }, down: "mlp.c_proj" },
  },
  gguf: {
    architecture: "starcoder2",
    config: (fields) => ({
      vocab_size: vocabulary(fields),
      hidden_size: fields.size(".embedding_length"),
      intermediate_size: fields.size(".feed_forward_length"),
      num_hidden_layers: fields.size(".block_count"),
      num_attention_heads: fields.size(".attention.head_count"),
      num_key_value_heads: kvHeads(fields),
      max_position_embeddings: fields.size(".context_length"),
      norm_epsilon: fields.positive(".attention.layer_norm_epsilon"),
      hidden_act: "gelu_pytorch_tanh",
      rope_theta: fields.positive(".rope.freq_base", 10_000),
      use_bias: has(fields, "blk.0.attn_q.bias"),
      sliding_window: null,
      tie_word_embeddings: !has(fields, "output.weight"),
    }),
  },
  read: (fields, shared) => {
    const { headDim, layers, maxPositions } = shared;
    const biased = fields.flag("use_bias", true);
    const window = fields.has("sliding_window") ? fields.count("sliding_window") : undefined;
    return {
      ...shared,
      ...(fields.has("num_key_value_heads") ? {} : { kvHeads: 2 }),
      rmsEps: fields.positive("norm_epsilon", 1e-5),
      ...activationOf(fields.choice("hidden_act", ACTIVATIONS, "gelu_pytorch_tanh")),
      ...ropeOf(readRope(fields, { headDim, maxPositions, theta: 10000 }), headDim),
      ...biasesOf({ qkv: biased, o: biased, mlp: biased }),
      ...layerKindsOf(
        Array.from({ length: layers }, () => ({ rope: "global", ...windowOf(window, true) })),
      ),
    };
  },
};
