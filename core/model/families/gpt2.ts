// GPT-2: learned positions, LayerNorm, a plain MLP, weights stored [in, out]. Radford et al. 2019.
import { ACTIVATIONS, type Family } from "../family.ts";
import { activationOf } from "./parts.ts";

/** Its own names for the sizes (`n_embd` …) are read as aliases. */
export const gpt2: Family = {
  name: "gpt2",
  architectures: ["GPT2LMHeadModel"],
  norm: "layer",
  transposed: true,
  tiedByDefault: true,
  names: {
    embedding: "transformer.wte",
    positions: "transformer.wpe",
    blocks: "transformer.h.",
    block: {
      attentionNorm: "ln_1",
      attention: { qkv: "attn.c_attn", layout: "rows" },
      o: "attn.c_proj",
      mlpNorm: "ln_2",
      mlp: { up: "mlp.c_fc" },
      down: "mlp.c_proj",
    },
    finalNorm: "transformer.ln_f",
    head: "lm_head",
  },
  read: (fields, shared) => {
    fields.refuse("scale_attn_weights", true);
    fields.refuse("scale_attn_by_inverse_layer_idx", false);
    fields.refuse("add_cross_attention", false);
    return {
      ...shared,
      maxPositions: fields.count(
        fields.has("n_positions") ? "n_positions" : "max_position_embeddings",
        1024,
      ),
      ropeTheta: 10000, // unused: no layer turns
      ...activationOf(fields.choice("activation_function", ACTIVATIONS, "gelu_new")),
      biases: { qkv: true, o: true, mlp: true },
      layerKinds: Array.from({ length: shared.layers }, () => ({ rope: "none" as const })),
    };
  },
};
