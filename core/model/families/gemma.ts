// Gemma 1: scaled embeddings, norms that store w − 1, GeGLU. Gemma Team 2024, arXiv 2403.08295.
import { ACTIVATIONS, type Family, LLAMA_NAMES } from "../family.ts";
import { readRope } from "../rope.ts";
import { activationOf, biasesOf, ropeOf } from "./parts.ts";
import { decoderJson, GELU } from "./gguf_parts.ts";

/** The first configs say `hidden_act: "gelu"` and mean the tanh form, which `hidden_activation` then names. */
export const gemma: Family = {
  name: "gemma",
  architectures: ["GemmaForCausalLM"],
  norm: "rmsPlusOne",
  tiedByDefault: true,
  names: LLAMA_NAMES,
  gguf: {
    architecture: "gemma",
    config: (fields, factors) => ({ ...decoderJson(fields, factors), ...GELU }),
    mergesByLength: true,
  },
  read: (fields, shared) => {
    const { hiddenSize, maxPositions } = shared;
    const headDim = fields.count("head_dim", 256), biased = fields.flag("attention_bias");
    fields.refuse("use_bidirectional_attention", false);
    const field = fields.has("hidden_activation") ? "hidden_activation" : "hidden_act";
    const named = fields.choice(field, ACTIVATIONS, "gelu_pytorch_tanh");
    return {
      ...shared,
      headDim,
      ...activationOf(named === "gelu" ? "geluTanh" : named),
      ...ropeOf(readRope(fields, { headDim, maxPositions, theta: 10000 }), headDim),
      ...biasesOf({ qkv: biased, o: biased, mlp: false }),
      embedScale: Math.sqrt(hiddenSize),
    };
  },
};
