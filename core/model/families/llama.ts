// Llama 2 and 3, and what calls itself Llama (SmolLM2, TinyLlama). Touvron et al. 2023, arXiv 2307.09288; Llama 3: 2407.21783.
import { ACTIVATIONS, type Family, LLAMA_NAMES } from "../family.ts";
import { readRope } from "../rope.ts";
import { activationOf, biasesOf, ropeOf } from "./parts.ts";

/** RMSNorm before attention and before SwiGLU, rotary positions on whole heads. */
export const llama: Family = {
  name: "llama",
  architectures: ["LlamaForCausalLM"],
  norm: "rms",
  names: LLAMA_NAMES,
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
