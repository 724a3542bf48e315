// OLMo 2: norms after attention and MLP instead of before, and on queries and keys whole. arXiv 2501.00656.
import { ACTIVATIONS, type Family, LLAMA_NAMES } from "../family.ts";
import { readRope } from "../rope.ts";
import { activationOf, biasesOf, ropeOf } from "./parts.ts";
import { decoderJson, has } from "./gguf_parts.ts";

/** x + norm(attention(x)), then x + norm(mlp(x)). */
export const olmo2: Family = {
  name: "olmo2",
  architectures: ["Olmo2ForCausalLM"],
  norm: "rms",
  names: {
    ...LLAMA_NAMES,
    block: {
      attention: LLAMA_NAMES.block.attention,
      o: LLAMA_NAMES.block.o,
      qkNorm: { q: "self_attn.q_norm", k: "self_attn.k_norm", of: "all" },
      attentionPostNorm: "post_attention_layernorm",
      mlp: LLAMA_NAMES.block.mlp,
      down: LLAMA_NAMES.block.down,
      mlpPostNorm: "post_feedforward_layernorm",
    },
  },
  gguf: {
    architecture: "olmo2",
    config: (fields, factors) => {
      if (fields.get(".attention.sliding_window") !== undefined) {
        throw fields.mistake(
          "olmo2.attention.sliding_window is there, as in OLMo 3",
          "none. OLMo 3 is not supported",
        );
      }
      return {
        ...decoderJson(fields, factors),
        attention_bias: has(fields, "blk.0.attn_q.bias"),
      };
    },
  },
  read: (fields, shared) => {
    const { headDim, maxPositions } = shared;
    const biased = fields.flag("attention_bias");
    return {
      ...shared,
      rmsEps: fields.positive("rms_norm_eps", 1e-5),
      ...activationOf(fields.choice("hidden_act", ACTIVATIONS, "silu")),
      ...ropeOf(readRope(fields, { headDim, maxPositions, theta: 10000 }), headDim),
      ...biasesOf({ qkv: biased, o: biased, mlp: false }),
    };
  },
};
