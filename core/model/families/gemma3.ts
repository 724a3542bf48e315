// Gemma 3, text: five sliding layers at local positions to one that sees all; norms on queries and keys. arXiv 2503.19786.
import { ACTIVATIONS, type Family } from "../family.ts";
import { readRope } from "../rope.ts";
import { gemma2, gemmaScores, slidingWindow } from "./gemma2.ts";
import { activationOf, biasesOf, layerKindsOf, ropeOf, slidingLayers, windowOf } from "./parts.ts";
import { decoderJson, GELU, layerTypes, queryScalar } from "./gguf_parts.ts";

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
  gguf: {
    architecture: "gemma3",
    config: (fields, factors) => {
      const capped = fields.get(".final_logit_softcapping") !== undefined;
      const swa = fields.positive(".rope.freq_base_swa", 10_000);
      return {
        ...decoderJson(fields, factors, { theta: 1_000_000 }),
        ...GELU,
        query_pre_attn_scalar: queryScalar(fields, 62),
        attn_logit_softcapping: null,
        final_logit_softcapping: capped ? fields.positive(".final_logit_softcapping") : null,
        sliding_window: fields.size(".attention.sliding_window", 4096),
        rope_local_base_freq: swa,
        layer_types: layerTypes(fields, 6),
      };
    },
    mergesByLength: true,
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
