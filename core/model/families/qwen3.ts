// Qwen 3: RMSNorms on the queries and keys of each head. Yang et al. 2025, arXiv 2505.09388.
import { ACTIVATIONS, type Family, LLAMA_NAMES } from "../family.ts";
import { readRope } from "../rope.ts";
import { activationOf, biasesOf, layerKindsOf, ropeOf } from "./parts.ts";
import { qwenLayers } from "./qwen2.ts";
import { decoderJson, has } from "./gguf_parts.ts";

/** Heads are of `head_dim` features, 128 where it is absent, whatever the hidden size. */
export const qwen3: Family = {
  name: "qwen3",
  architectures: ["Qwen3ForCausalLM"],
  norm: "rms",
  names: {
    ...LLAMA_NAMES,
    block: {
      ...LLAMA_NAMES.block,
      qkNorm: { q: "self_attn.q_norm", k: "self_attn.k_norm", of: "head" },
    },
  },
  gguf: {
    architecture: "qwen3",
    config: (fields, factors) => ({
      ...decoderJson(fields, factors),
      attention_bias: has(fields, "blk.0.attn_q.bias"),
      use_sliding_window: false,
    }),
  },
  read: (fields, shared) => {
    const { layers, maxPositions } = shared;
    const headDim = fields.count("head_dim", 128), biased = fields.flag("attention_bias");
    return {
      ...shared,
      headDim,
      ...activationOf(fields.choice("hidden_act", ACTIVATIONS, "silu")),
      ...ropeOf(readRope(fields, { headDim, maxPositions, theta: 10000 }), headDim),
      ...biasesOf({ qkv: biased, o: biased, mlp: false }),
      ...layerKindsOf(qwenLayers(fields, layers)),
    };
  },
};
