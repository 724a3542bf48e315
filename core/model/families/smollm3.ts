// SmolLM3: Llama with every fourth layer without positions (NoPE, Kazemnejad et al. 2023, arXiv 2305.19466).
import { ACTIVATIONS, type Family, LLAMA_NAMES } from "../family.ts";
import { readRope } from "../rope.ts";
import { activationOf, biasesOf, layerKindsOf, ropeOf, slidingLayers, windowOf } from "./parts.ts";
import { decoderJson, eachLayer, has, pairedRows } from "./gguf_parts.ts";

/** `no_rope_layers` says 1 where a layer does turn; only layers that do not may slide. */
export const smollm3: Family = {
  name: "smollm3",
  architectures: ["SmolLM3ForCausalLM"],
  norm: "rms",
  tiedByDefault: true,
  names: LLAMA_NAMES,
  gguf: {
    architecture: "smollm3",
    config: (fields, factors) => ({
      ...decoderJson(fields, factors, { wholeHeads: true }),
      attention_bias: has(fields, "blk.0.attn_q.bias"),
      no_rope_layers: eachLayer(fields, (layer) => (layer + 1) % 4 === 0 ? 0 : 1),
      use_sliding_window: false,
      sliding_window: null,
    }),
    rows: pairedRows,
  },
  read: (fields, shared) => {
    const { headDim, layers, maxPositions } = shared;
    const every = fields.count("no_rope_layer_interval", 4);
    const turns = fields.list(
      "no_rope_layers",
      layers,
      (value): value is 0 | 1 => value === 0 || value === 1,
      "zeros and ones",
    ) ?? Array.from({ length: layers }, (_, layer) => (layer + 1) % every === 0 ? 0 : 1);
    const window = fields.flag("use_sliding_window") && fields.has("sliding_window")
      ? fields.count("sliding_window")
      : undefined;
    const slides = slidingLayers(fields, layers, (layer) => turns[layer] === 0);
    const attention = fields.flag("attention_bias"), mlp = fields.flag("mlp_bias");
    return {
      ...shared,
      ...(fields.has("num_key_value_heads") ? {} : { kvHeads: 4 }),
      ...activationOf(fields.choice("hidden_act", ACTIVATIONS, "silu")),
      ...ropeOf(readRope(fields, { headDim, maxPositions, theta: 2_000_000 }), headDim),
      ...biasesOf({ qkv: attention, o: attention, mlp }),
      ...layerKindsOf(
        turns.map((turn, layer) => ({
          rope: turn === 1 ? "global" : "none",
          ...windowOf(window, slides[layer]),
        })),
      ),
    };
  },
};
