// Pieces of a config that families share: each leaves out what Llama does anyway, so that equal models have equal configs.
import { show } from "../../base/quote.ts";
import type { LayerKind, ModelConfig } from "../types.ts";
import type { ConfigFields } from "../fields.ts";
import type { RopeConfig } from "../rope.ts";
import { Mistake } from "../../base/mistake.ts";

/** The activation, unless it is SiLU. */
export function activationOf(
  activation: NonNullable<ModelConfig["activation"]>,
): Pick<ModelConfig, "activation"> {
  return activation === "silu" ? {} : { activation };
}

/** The rotary embedding: only its θ where whole heads turn at plain frequencies. */
export function ropeOf(
  rope: RopeConfig,
  headDim: number,
): Pick<ModelConfig, "ropeTheta" | "rope"> {
  const plain = rope.dim === headDim && rope.scaling === undefined;
  return { ropeTheta: rope.theta, ...(plain ? {} : { rope }) };
}

/** The biases, unless there are none. */
export function biasesOf(
  biases: { qkv: boolean; o: boolean; mlp: boolean },
): Pick<ModelConfig, "biases"> {
  const some = Object.entries(biases).filter(([, there]) => there);
  return some.length === 0 ? {} : { biases: Object.fromEntries(some) };
}

/** The layers' kinds, unless all look back on everything at global positions. */
export function layerKindsOf(kinds: readonly LayerKind[]): Pick<ModelConfig, "layerKinds"> {
  const plain = kinds.every(({ window, rope }) => window === undefined && rope === "global");
  return plain ? {} : { layerKinds: kinds };
}

/** `layer_types`, layer by layer: whether it slides. */
export function slidingLayers(
  fields: ConfigFields,
  layers: number,
  byDefault: (layer: number) => boolean,
): boolean[] {
  const types = fields.list(
    "layer_types",
    layers,
    (value) => typeof value === "string",
    "layer types",
  );
  if (types === undefined) return Array.from({ length: layers }, (_, layer) => byDefault(layer));
  return types.map((type) => {
    if (type === "sliding_attention" || type === "full_attention") {
      return type === "sliding_attention";
    }
    throw new Mistake("model", {
      verb: "read",
      thing: fields.name,
      found: `layer_types has ${show(type)}`,
      expected: "full_attention or sliding_attention",
    });
  });
}

/** A layer's window, as a piece of its kind. */
export function windowOf(window: number | undefined, slides: boolean): { window?: number } {
  return slides && window !== undefined ? { window } : {};
}
