// GPT-2: learned positions, LayerNorm, a plain MLP, weights stored [in, out]. Radford et al. 2019.
import { ACTIVATIONS, type Family } from "../family.ts";
import { activationOf } from "./parts.ts";
import { has, vocabulary } from "./gguf_parts.ts";

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
  aliases: {
    hidden_size: "n_embd",
    num_attention_heads: "n_head",
    num_hidden_layers: "n_layer",
    max_position_embeddings: "n_positions",
    intermediate_size: "n_inner",
  },
  mlpFactor: 4,
  canonical: (name) => /^(wte|wpe|h\.\d+|ln_f)\./.test(name) ? `transformer.${name}` : name,
  gguf: {
    architecture: "gpt2",
    config: (fields) => ({
      vocab_size: vocabulary(fields),
      n_embd: fields.size(".embedding_length"),
      n_layer: fields.size(".block_count"),
      n_head: fields.size(".attention.head_count"),
      n_inner: fields.size(".feed_forward_length"),
      n_positions: fields.size(".context_length"),
      n_ctx: fields.size(".context_length"),
      layer_norm_epsilon: fields.positive(".attention.layer_norm_epsilon"),
      activation_function: "gelu_new",
      tie_word_embeddings: !has(fields, "output.weight"),
    }),
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
