// The shape of a model, read from Hugging Face's config.json by the file of its family. A field that would change the
// mathematics and is not known here is refused.
import { isObject, show } from "../base/quote.ts";
import { FAMILIES, familyOf } from "./families/mod.ts";
import type { Family, SharedConfig } from "./family.ts";
import { ConfigFields } from "./fields.ts";
import type { ModelConfig } from "./types.ts";
import { Mistake } from "../base/mistake.ts";

export type { LayerKind, ModelConfig } from "./types.ts";

/**
 * Reads a Hugging Face `config.json`. Absent fields get transformers' defaults; code that a repository brings
 * (`auto_map`) is never run.
 *
 * @example
 * ```ts
 * import { parseModelConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = parseModelConfig({
 *   architectures: ["LlamaForCausalLM"], vocab_size: 512, hidden_size: 64,
 *   intermediate_size: 172, num_hidden_layers: 5, num_attention_heads: 8, num_key_value_heads: 4,
 *   tie_word_embeddings: true, eos_token_id: 2,
 * }, "config.json");
 * assertEquals([config.headDim, config.kvHeads, config.eosId], [8, 4, [2]]);
 * ```
 *
 * @param json The parsed file.
 * @param name What to call the file in errors.
 * @returns The config.
 * @throws {Mistake} If the architecture, a rope type or an activation is not supported (the error lists what is),
 * weights are quantised, or a field has the wrong kind.
 * @throws {Mistake} If a size is out of range or sizes contradict each other.
 */
export function parseModelConfig(json: unknown, name: string): ModelConfig {
  if (!isObject(json)) {
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `it is ${show(json)}`,
      expected: "a JSON object",
    });
  }
  const family = familyOfJson(json, name);
  const fields = new ConfigFields(json, name);
  fields.refuse("quantization_config");
  const config = family.read(fields, readShared(fields, family));
  const { heads, kvHeads } = config;
  if (heads % kvHeads !== 0) {
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `num_key_value_heads is ${kvHeads}`,
      expected: `a divisor of the ${heads} of num_attention_heads`,
    });
  }
  return config;
}

/** The sizes that all families have. */
function readShared(fields: ConfigFields, family: Family): SharedConfig {
  const { json, name } = fields;
  const alias = (field: string): string => {
    const other = family.aliases?.[field];
    return other !== undefined && !fields.has(field) && fields.has(other) ? other : field;
  };
  const count = (field: string, fallback?: number) => fields.count(alias(field), fallback);
  const hiddenSize = count("hidden_size"), heads = count("num_attention_heads");
  const vocabSize = fields.count("vocab_size");
  if (!fields.has("head_dim") && hiddenSize % heads !== 0) {
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `hidden_size is ${hiddenSize}`,
      expected: `a multiple of the ${heads} of num_attention_heads`,
    });
  }
  const headDim = fields.count("head_dim", hiddenSize / heads);
  if (headDim % 2 !== 0) {
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `head_dim is ${headDim}`,
      expected: "an even number (rotary pairs)",
    });
  }
  const layers = count("num_hidden_layers");
  if (layers > MOST_LAYERS) { // what is made a layer is made before any weight is looked for
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `${alias("num_hidden_layers")} is ${layers}`,
      expected: `at most ${MOST_LAYERS}`,
    });
  }
  const bosId = fields.tokenIds("bos_token_id", vocabSize);
  const eosId = fields.tokenIds("eos_token_id", vocabSize);
  const padId = fields.tokenIds("pad_token_id", vocabSize);
  return {
    ...(family.name === "llama" ? {} : { family: family.name }),
    vocabSize,
    hiddenSize,
    intermediateSize: count(
      "intermediate_size",
      family.mlpFactor && family.mlpFactor * hiddenSize,
    ),
    layers,
    heads,
    kvHeads: count("num_key_value_heads", heads),
    headDim,
    rmsEps: fields.positive(
      ["rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon"].find((field) =>
        Object.hasOwn(json, field)
      ) ?? "rms_norm_eps",
      family.norm === "layer" ? 1e-5 : 1e-6,
    ),
    tied: fields.flag("tie_word_embeddings", family.tiedByDefault ?? false),
    maxPositions: count("max_position_embeddings", 2048),
    ...(bosId ? { bosId: bosId[0] } : {}),
    ...(eosId ? { eosId } : {}),
    ...(padId ? { padId: padId[0] } : {}),
  };
}

const MOST_LAYERS = 10_000;

function familyOfJson(json: Record<string, unknown>, name: string): Family {
  const { architectures, model_type: modelType } = json;
  const known = FAMILIES.flatMap((family) => family.architectures);
  const supported = `expected one of ${known.join(", ")}`;
  if (architectures !== undefined && architectures !== null) {
    const family = Array.isArray(architectures) &&
      FAMILIES.find((family) => architectures.some((a) => family.architectures.includes(a)));
    if (family) return family;
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `architectures is ${show(architectures)}, ${supported}`,
    });
  }
  const family = FAMILIES.find((family) => family.name === modelType);
  if (family) return family;
  const found = modelType === undefined ? "missing" : show(modelType);
  throw new Mistake("model", {
    verb: "read",
    thing: name,
    found: `architectures is missing and model_type is ${found}, ${supported}`,
  });
}

/**
 * The `config.json` of a Llama config, as transformers reads it: parsing it gives the config back.
 *
 * @example
 * ```ts
 * import { modelConfigJson, parseModelConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = {
 *   vocabSize: 16, hiddenSize: 8, intermediateSize: 12, layers: 1, heads: 2, kvHeads: 1,
 *   headDim: 4, ropeTheta: 10000, rmsEps: 1e-5, tied: true, maxPositions: 32,
 * };
 * assertEquals(parseModelConfig(modelConfigJson(config), "config.json"), config);
 * ```
 *
 * @param config The model's sizes, of the Llama family: other models keep the config.json that they came with.
 * @returns A JSON object, architecture LlamaForCausalLM.
 * @throws {Mistake} If the config is of another family.
 */
export function modelConfigJson(config: ModelConfig): Record<string, unknown> {
  const { write } = familyOf(config);
  if (write) return write(config);
  throw new Mistake("model", {
    verb: "write",
    thing: "config.json",
    found: `the family is ${config.family}`,
    expected: "llama",
    fix: "Copy the config.json that the model came with",
  });
}
