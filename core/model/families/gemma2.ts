// Gemma 2: norms before and after each part, capped scores and logits, every other layer slides. arXiv 2408.00118.
import { ACTIVATIONS, type Family, LLAMA_NAMES } from "../family.ts";
import { readRope } from "../rope.ts";
import { activationOf, biasesOf, layerKindsOf, ropeOf, slidingLayers, windowOf } from "./parts.ts";
import { decoderJson, GELU, layerTypes, queryScalar } from "./gguf_parts.ts";

/** Scores are scaled by `query_pre_attn_scalar`^−½, whatever the head's width. */
export const gemma2: Family = {
  name: "gemma2",
  architectures: ["Gemma2ForCausalLM"],
  norm: "rmsPlusOne",
  tiedByDefault: true,
  names: {
    ...LLAMA_NAMES,
    block: {
      ...LLAMA_NAMES.block,
      attentionPostNorm: "post_attention_layernorm",
      mlpNorm: "pre_feedforward_layernorm",
      mlpPostNorm: "post_feedforward_layernorm",
    },
  },
  gguf: {
    architecture: "gemma2",
    config: (fields, factors) => ({
      ...decoderJson(fields, factors),
      ...GELU,
      query_pre_attn_scalar: queryScalar(fields, 46),
      attn_logit_softcapping: fields.positive(".attn_logit_softcapping", 50),
      final_logit_softcapping: fields.positive(".final_logit_softcapping", 30),
      sliding_window: fields.size(".attention.sliding_window", 4096),
      layer_types: layerTypes(fields, 2),
    }),
    mergesByLength: true,
  },
  read: (fields, shared) => {
    const { hiddenSize, layers, maxPositions } = shared;
    const headDim = fields.count("head_dim", 256), biased = fields.flag("attention_bias");
    fields.refuse("use_bidirectional_attention", false);
    const window = slidingWindow(fields);
    const slides = slidingLayers(fields, layers, (layer) => layer % 2 === 0);
    return {
      ...shared,
      headDim,
      ...activationOf(fields.choice("hidden_activation", ACTIVATIONS, "gelu_pytorch_tanh")),
      ...ropeOf(readRope(fields, { headDim, maxPositions, theta: 10000 }), headDim),
      ...biasesOf({ qkv: biased, o: biased, mlp: false }),
      ...layerKindsOf(slides.map((s) => ({ rope: "global", ...windowOf(window, s) }))),
      ...gemmaScores(fields, { attention: 50, logits: 30 }),
      embedScale: Math.sqrt(hiddenSize),
    };
  },
};

/** `sliding_window`, 4096 where it is absent. */
export function slidingWindow(fields: Parameters<Family["read"]>[0]): number | undefined {
  const absent = !Object.hasOwn(fields.json, "sliding_window");
  return absent || fields.has("sliding_window") ? fields.count("sliding_window", 4096) : undefined;
}

/** Scale and caps of scores and logits; a cap that is null is none. */
export function gemmaScores(
  fields: Parameters<Family["read"]>[0],
  caps: { attention?: number; logits?: number },
): { attentionScale: number; attentionSoftcap?: number; logitSoftcap?: number } {
  const cap = (field: string, fallback?: number) =>
    Object.hasOwn(fields.json, field) ? fields.optionalPositive(field) : fallback;
  const attentionSoftcap = cap("attn_logit_softcapping", caps.attention);
  const logitSoftcap = cap("final_logit_softcapping", caps.logits);
  return {
    attentionScale: fields.positive("query_pre_attn_scalar", 256) ** -0.5,
    ...(attentionSoftcap === undefined ? {} : { attentionSoftcap }),
    ...(logitSoftcap === undefined ? {} : { logitSoftcap }),
  };
}
