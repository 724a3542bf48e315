// GPT-NeoX and Pythia: attention and MLP in parallel, a quarter of each head turns. Black et al. 2022, arXiv 2204.06745.
import { ACTIVATIONS, type Family } from "../family.ts";
import { ConfigFields } from "../fields.ts";
import { readRope } from "../rope.ts";
import { activationOf, biasesOf, ropeOf } from "./parts.ts";
import { has, turning, vocabulary } from "./gguf_parts.ts";

/** Queries, keys and values of a head lie together in `query_key_value`. */
export const gptNeox: Family = {
  name: "gpt_neox",
  architectures: ["GPTNeoXForCausalLM"],
  norm: "layer",
  names: {
    embedding: "gpt_neox.embed_in",
    blocks: "gpt_neox.layers.",
    block: {
      attentionNorm: "input_layernorm",
      attention: { qkv: "attention.query_key_value", layout: "heads" },
      o: "attention.dense",
      mlpNorm: "post_attention_layernorm",
      mlp: { up: "mlp.dense_h_to_4h" },
      down: "mlp.dense_4h_to_h",
    },
    finalNorm: "gpt_neox.final_layer_norm",
    head: "embed_out",
  },
  canonical: (name, { tied }) => !tied && name === "lm_head.weight" ? "embed_out.weight" : name,
  gguf: {
    architecture: "gptneox",
    config: (fields) => ({
      vocab_size: vocabulary(fields),
      hidden_size: fields.size(".embedding_length"),
      intermediate_size: fields.size(".feed_forward_length"),
      num_hidden_layers: fields.size(".block_count"),
      num_attention_heads: fields.size(".attention.head_count"),
      max_position_embeddings: fields.size(".context_length"),
      layer_norm_eps: fields.positive(".attention.layer_norm_epsilon"),
      hidden_act: "gelu",
      rotary_pct: turning(fields),
      rotary_emb_base: fields.positive(".rope.freq_base", 10_000),
      use_parallel_residual: fields.flag(".use_parallel_residual") ?? true,
      attention_bias: has(fields, "blk.0.attn_qkv.bias"),
      tie_word_embeddings: !has(fields, "output.weight"),
    }),
    // Queries, keys and values, which lie head by head, were laid one after another.
    rows: (part, { heads }) =>
      part !== "attn_qkv" ? undefined : {
        unit: 3 * heads,
        rowOf: (row, rows) => {
          const width = rows / (3 * heads), i = row % width;
          const kind = Math.floor(row / width) % 3, head = Math.floor(row / (3 * width));
          return (kind * heads + head) * width + i;
        },
      },
    composesText: true,
  },
  read: (fields, shared) => {
    const { headDim, maxPositions } = shared;
    const { rotary_emb_base: theta, rotary_pct: partial, ...rest } = fields.json;
    const named = new ConfigFields({
      ...rest,
      rope_theta: rest.rope_theta ?? theta,
      partial_rotary_factor: rest.partial_rotary_factor ?? partial,
    }, fields.name);
    const biased = fields.flag("attention_bias", true);
    return {
      ...shared,
      ...activationOf(fields.choice("hidden_act", ACTIVATIONS, "gelu")),
      ...ropeOf(readRope(named, { headDim, maxPositions, theta: 10000, partial: 0.25 }), headDim),
      ...biasesOf({ qkv: biased, o: biased, mlp: true }),
      ...(fields.flag("use_parallel_residual", true) ? { parallel: true } : {}),
    };
  },
};
