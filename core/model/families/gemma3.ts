// Gemma 3, text: five sliding layers at local positions to one that sees all; norms on queries and keys. arXiv 2503.19786.
import { ACTIVATIONS, type Family } from "../family.ts";
import { readRope } from "../rope.ts";
import { gemma2, gemmaScores, slidingWindow } from "./gemma2.ts";
import { activationOf, biasesOf, layerKindsOf, ropeOf, slidingLayers, windowOf } from "./parts.ts";

/** Sliding layers turn at `rope_local_base_freq`, the others at `rope_theta` with its scaling. */
export const gemma3: Family = {
  name: "gemma3_text",
  architectures: ["Gemma3ForCausalLM"],
  norm: "rmsPlusOne",
  tiedByDefault: true,
  names: {
    ...gemma2.names,
    block: {
      ...gemma2.names.block,
      qkNorm: { q: "self_attn.q_norm", k: "self_attn.k_norm", of: "head" },
    },
  },
  read: (fields, shared) => {
    const { hiddenSize, layers } = shared;
    const headDim = fields.count("head_dim", 256), biased = fields.flag("attention_bias");
    fields.refuse("use_bidirectional_attention", false);
    const maxPositions = fields.count("max_position_embeddings", 131072);
    const window = slidingWindow(fields);
    const pattern = fields.count("sliding_window_pattern", 6);
    const slides = slidingLayers(fields, layers, (layer) => (layer + 1) % pattern !== 0);
    const global = readRope(fields, {
      headDim,
      maxPositions,
      theta: 1_000_000,
      key: "full_attention",
    });
    const localTheta = fields.positive("rope_local_base_freq", 10_000);
    const local = fields.json.rope_parameters === undefined
      ? { theta: localTheta, dim: headDim }
      : readRope(fields, { headDim, maxPositions, theta: localTheta, key: "sliding_attention" });
    return {
      ...shared,
      headDim,
      maxPositions,
      ...activationOf(fields.choice("hidden_activation", ACTIVATIONS, "gelu_pytorch_tanh")),
      ...ropeOf(global, headDim),
      localRope: local,
      ...biasesOf({ qkv: biased, o: biased, mlp: false }),
      ...layerKindsOf(
        slides.map((s) => ({ rope: s ? "local" : "global", ...windowOf(window, s) })),
      ),
      ...gemmaScores(fields, {}),
      embedScale: Math.sqrt(hiddenSize),
    };
  },
};
