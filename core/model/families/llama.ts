// Llama 2 and 3, and what calls itself Llama (SmolLM2, TinyLlama). Touvron et al. 2023, arXiv 2307.09288; Llama 3: 2407.21783.
import { ACTIVATIONS, type Family, LLAMA_NAMES } from "../family.ts";
import type { GgufFields, RopeFactors } from "../gguf_family.ts";
import { readRope, ropeScalingJson } from "../rope.ts";
import type { ModelConfig } from "../types.ts";
import { activationOf, biasesOf, ropeOf } from "./parts.ts";
import { decoderJson, has, pairedRows } from "./gguf_parts.ts";

/** RMSNorm before attention and before SwiGLU, rotary positions on whole heads. */
export const llama: Family = {
  name: "llama",
  architectures: ["LlamaForCausalLM"],
  norm: "rms",
  names: LLAMA_NAMES,
  write: llamaConfigJson,
  gguf: {
    architecture: "llama",
    config: llamaJson,
    rows: pairedRows,
  },
  read: (fields, shared) => {
    const attention = fields.flag("attention_bias"), mlp = fields.flag("mlp_bias");
    const { headDim, maxPositions } = shared;
    return {
      ...shared,
      ...activationOf(fields.choice("hidden_act", ACTIVATIONS, "silu")),
      ...ropeOf(readRope(fields, { headDim, maxPositions, theta: 10000 }), headDim),
      ...biasesOf({ qkv: attention, o: attention, mlp }),
    };
  },
};

/** What a GGUF file of architecture "llama" says of Llama and of Mistral. */
export function llamaJson(fields: GgufFields, factors: RopeFactors): Record<string, unknown> {
  return {
    ...decoderJson(fields, factors, { wholeHeads: true }),
    attention_bias: has(fields, "blk.0.attn_q.bias"),
    mlp_bias: has(fields, "blk.0.ffn_up.bias"),
  };
}

/** The config.json that {@linkcode llama} reads back. */
function llamaConfigJson(config: ModelConfig): Record<string, unknown> {
  const eos = config.eosId?.length === 1 ? config.eosId[0] : config.eosId;
  return {
    architectures: llama.architectures,
    model_type: llama.name,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    rope_theta: config.ropeTheta,
    rope_scaling: config.rope === undefined ? null : ropeScalingJson(config.rope),
    rms_norm_eps: config.rmsEps,
    tie_word_embeddings: config.tied,
    // The positions of pretraining: a config that was loaded with a longer context has that instead
    max_position_embeddings: config.rope?.scaling?.type === "dynamic"
      ? config.rope.scaling.original
      : config.maxPositions,
    bos_token_id: config.bosId ?? null,
    eos_token_id: eos ?? null,
    pad_token_id: config.padId ?? null,
    hidden_act: { silu: "silu", gelu: "gelu", geluTanh: "gelu_pytorch_tanh" }[
      config.activation ?? "silu"
    ],
    ...(config.rope && config.rope.dim !== config.headDim
      ? { partial_rotary_factor: config.rope.dim / config.headDim }
      : {}),
    attention_bias: config.biases?.qkv ?? false,
    mlp_bias: config.biases?.mlp ?? false,
    torch_dtype: "float32",
  };
}
