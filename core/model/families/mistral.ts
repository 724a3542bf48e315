// Mistral: Llama with a sliding window. Jiang et al. 2023, arXiv 2310.06825.
import { ACTIVATIONS, type Family, LLAMA_NAMES } from "../family.ts";
import { readRope } from "../rope.ts";
import { activationOf, layerKindsOf, ropeOf, windowOf } from "./parts.ts";
import { pairedRows } from "./gguf_parts.ts";
import { llamaJson } from "./llama.ts";

/** Every layer looks back on `sliding_window` tokens, where that is not null. */
export const mistral: Family = {
  name: "mistral",
  architectures: ["MistralForCausalLM"],
  norm: "rms",
  names: LLAMA_NAMES,
  gguf: {
    architecture: "llama",
    is: (fields) => fields.count(".attention.sliding_window", 0) > 0,
    config: (fields, factors) => ({
      ...llamaJson(fields, factors),
      sliding_window: fields.count(".attention.sliding_window", 0),
    }),
    rows: pairedRows,
  },
  read: (fields, shared) => {
    const { headDim, layers, maxPositions } = shared;
    const absent = !Object.hasOwn(fields.json, "sliding_window");
    const window = absent
      ? 4096
      : fields.has("sliding_window")
      ? fields.count("sliding_window")
      : undefined;
    const kvHeads = fields.has("num_key_value_heads") ? {} : { kvHeads: 8 };
    return {
      ...shared,
      ...kvHeads,
      ...activationOf(fields.choice("hidden_act", ACTIVATIONS, "silu")),
      ...ropeOf(readRope(fields, { headDim, maxPositions, theta: 10000 }), headDim),
      ...layerKindsOf(
        Array.from({ length: layers }, () => ({ rope: "global", ...windowOf(window, true) })),
      ),
    };
  },
};
