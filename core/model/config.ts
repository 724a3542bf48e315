// The shape of a Llama-family model: read from Hugging Face's config.json, written back as one, and the list
// of tensors that it implies. A field that would change the mathematics and is not known here is refused.
import type { HostTensor } from "../io/host_tensor.ts";
import { isObject, quote, show, showShape } from "../io/mistakes.ts";

/** Sizes and constants of a Llama-family model. Queries have `heads`·`headDim` features. */
export interface LlamaConfig {
  /** V: rows of the embedding and of the head. */
  readonly vocabSize: number;
  /** D: features of the residual stream. */
  readonly hiddenSize: number;
  /** Features between gate/up and down. */
  readonly intermediateSize: number;
  /** Transformer blocks. */
  readonly layers: number;
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads; divides `heads`. */
  readonly kvHeads: number;
  /** Features of a head; even. */
  readonly headDim: number;
  /** Base of the rotary frequencies: θ^(−2i/headDim). */
  readonly ropeTheta: number;
  /** ε inside RMSNorm's square root. */
  readonly rmsEps: number;
  /** Whether the head is the embedding (then there is no `lm_head.weight`). */
  readonly tied: boolean;
  /** Positions that the model was trained for, tokens. */
  readonly maxPositions: number;
  /** Beginning-of-sequence id. */
  readonly bosId?: number;
  /** End-of-sequence ids: any of them ends a text. */
  readonly eosId?: readonly number[];
  /** Padding id. */
  readonly padId?: number;
}

const ARCHITECTURES = ["LlamaForCausalLM"];

/**
 * Reads a Hugging Face `config.json` of a Llama model. Absent fields get transformers' defaults.
 *
 * @example
 * ```ts
 * import { parseLlamaConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = parseLlamaConfig({
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
 * @throws {TypeError} If the model is of another architecture, or asks for something that is not supported:
 * rope scaling, biases, another activation, quantised weights; or if a field has the wrong kind.
 * @throws {RangeError} If a size is out of range or sizes contradict each other.
 */
export function parseLlamaConfig(json: unknown, name: string): LlamaConfig {
  if (!isObject(json)) {
    throw new TypeError(`Cannot read ${name}: it is ${show(json)}, expected a JSON object`);
  }
  checkArchitecture(json, name);
  checkSupported(json, name);
  const count = (field: string, fallback?: number): number => {
    const value = json[field] ?? fallback;
    if (typeof value !== "number") {
      const found = value === undefined ? "missing" : show(value);
      throw new TypeError(`Cannot read ${name}: ${field} is ${found}, expected a whole number`);
    }
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(
        `Cannot read ${name}: ${field} is ${value}, expected a whole number of at least 1`,
      );
    }
    return value;
  };
  const hiddenSize = count("hidden_size");
  const heads = count("num_attention_heads");
  const kvHeads = count("num_key_value_heads", heads);
  const headDim = count("head_dim", hiddenSize / heads);
  const vocabSize = count("vocab_size");
  const rope = isObject(json.rope_parameters) ? json.rope_parameters : {};
  const bosId = tokenIds(json, name, "bos_token_id", vocabSize);
  const eosId = tokenIds(json, name, "eos_token_id", vocabSize);
  const padId = tokenIds(json, name, "pad_token_id", vocabSize);
  const config: LlamaConfig = {
    vocabSize,
    hiddenSize,
    intermediateSize: count("intermediate_size"),
    layers: count("num_hidden_layers"),
    heads,
    kvHeads,
    headDim,
    ropeTheta: positive(name, "rope_theta", json.rope_theta ?? rope.rope_theta ?? 10000),
    rmsEps: positive(name, "rms_norm_eps", json.rms_norm_eps ?? 1e-6),
    tied: flag(json, name, "tie_word_embeddings"),
    maxPositions: count("max_position_embeddings", 2048),
    ...(bosId ? { bosId: bosId[0] } : {}),
    ...(eosId ? { eosId } : {}),
    ...(padId ? { padId: padId[0] } : {}),
  };
  if (heads % kvHeads !== 0) {
    throw new RangeError(
      `Cannot read ${name}: num_key_value_heads is ${kvHeads}, ` +
        `expected a divisor of the ${heads} of num_attention_heads`,
    );
  }
  if (headDim % 2 !== 0) {
    throw new RangeError(
      `Cannot read ${name}: head_dim is ${headDim}, expected an even number (rotary pairs)`,
    );
  }
  return config;
}

/**
 * The `config.json` of a config, as transformers reads it: parsing it gives the config back.
 *
 * @example
 * ```ts
 * import { llamaConfigJson, parseLlamaConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = {
 *   vocabSize: 16, hiddenSize: 8, intermediateSize: 12, layers: 1, heads: 2, kvHeads: 1,
 *   headDim: 4, ropeTheta: 10000, rmsEps: 1e-5, tied: true, maxPositions: 32,
 * };
 * assertEquals(parseLlamaConfig(llamaConfigJson(config), "config.json"), config);
 * ```
 *
 * @param config The model's sizes.
 * @returns A JSON object, architecture LlamaForCausalLM.
 */
export function llamaConfigJson(config: LlamaConfig): Record<string, unknown> {
  const eos = config.eosId?.length === 1 ? config.eosId[0] : config.eosId;
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    rope_theta: config.ropeTheta,
    rms_norm_eps: config.rmsEps,
    tie_word_embeddings: config.tied,
    max_position_embeddings: config.maxPositions,
    bos_token_id: config.bosId ?? null,
    eos_token_id: eos ?? null,
    pad_token_id: config.padId ?? null,
    hidden_act: "silu",
    attention_bias: false,
    mlp_bias: false,
    torch_dtype: "float32",
  };
}

/**
 * Names and shapes of the tensors of a Llama model, as Hugging Face names them; weights are [out, in].
 *
 * @example
 * ```ts
 * import { llamaTensorShapes } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const shapes = llamaTensorShapes({
 *   vocabSize: 16, hiddenSize: 8, intermediateSize: 12, layers: 1, heads: 2, kvHeads: 1,
 *   headDim: 4, ropeTheta: 10000, rmsEps: 1e-5, tied: true, maxPositions: 32,
 * });
 * assertEquals(shapes.get("model.layers.0.self_attn.k_proj.weight"), [4, 8]);
 * assertEquals(shapes.has("lm_head.weight"), false); // tied to the embedding
 * ```
 *
 * @param config The model's sizes.
 * @returns Shapes by name, in the order of the forward pass.
 */
export function llamaTensorShapes(config: LlamaConfig): Map<string, readonly number[]> {
  const { vocabSize: V, hiddenSize: D, intermediateSize: F } = config;
  const q = config.heads * config.headDim;
  const kv = config.kvHeads * config.headDim;
  const shapes = new Map<string, readonly number[]>([["model.embed_tokens.weight", [V, D]]]);
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}.`;
    shapes.set(at + "input_layernorm.weight", [D]);
    shapes.set(at + "self_attn.q_proj.weight", [q, D]);
    shapes.set(at + "self_attn.k_proj.weight", [kv, D]);
    shapes.set(at + "self_attn.v_proj.weight", [kv, D]);
    shapes.set(at + "self_attn.o_proj.weight", [D, q]);
    shapes.set(at + "post_attention_layernorm.weight", [D]);
    shapes.set(at + "mlp.gate_proj.weight", [F, D]);
    shapes.set(at + "mlp.up_proj.weight", [F, D]);
    shapes.set(at + "mlp.down_proj.weight", [D, F]);
  }
  shapes.set("model.norm.weight", [D]);
  if (!config.tied) shapes.set("lm_head.weight", [V, D]);
  return shapes;
}

/**
 * Checks that the tensors are exactly those of the config: each there, of its shape, and no other.
 *
 * @example
 * ```ts
 * import { checkLlamaTensors } from "@leash/bpo/core";
 * import { assertThrows } from "@std/assert";
 * const config = {
 *   vocabSize: 16, hiddenSize: 8, intermediateSize: 12, layers: 1, heads: 2, kvHeads: 1,
 *   headDim: 4, ropeTheta: 10000, rmsEps: 1e-5, tied: true, maxPositions: 32,
 * };
 * assertThrows(() => checkLlamaTensors(config, new Map()), TypeError, "embed_tokens");
 * ```
 *
 * @param config The model's sizes.
 * @param tensors Host tensors by their Hugging Face names; borrowed.
 * @param name What to call the model in errors; default "the model".
 * @throws {TypeError} If a tensor is missing, has another shape, or does not belong to the model.
 */
export function checkLlamaTensors(
  config: LlamaConfig,
  tensors: ReadonlyMap<string, HostTensor>,
  name = "the model",
): void {
  const shapes = llamaTensorShapes(config);
  for (const [key, shape] of shapes) {
    const tensor = tensors.get(key);
    if (!tensor) {
      throw new TypeError(
        `Cannot load ${name}: tensor ${quote(key)} is missing, expected shape ${showShape(shape)}`,
      );
    }
    if (tensor.shape.join() !== shape.join()) {
      throw new TypeError(
        `Cannot load ${name}: tensor ${quote(key)} shape is ${showShape(tensor.shape)}, ` +
          `expected ${showShape(shape)} from the config`,
      );
    }
    const elements = shape.reduce((product, extent) => product * extent, 1);
    if (tensor.data.length !== elements) {
      throw new TypeError(
        `Cannot load ${name}: tensor ${quote(key)} data is ${tensor.data.length} elements long, ` +
          `expected ${elements}`,
      );
    }
  }
  for (const key of tensors.keys()) {
    if (shapes.has(key)) continue;
    const why = key === "lm_head.weight"
      ? "no head of its own, because tie_word_embeddings is true"
      : `only the ${shapes.size} tensors of a Llama of ${config.layers} layers`;
    throw new TypeError(`Cannot load ${name}: tensor ${quote(key)} is there, expected ${why}`);
  }
}

function checkArchitecture(json: Record<string, unknown>, name: string): void {
  const { architectures, model_type: modelType } = json;
  const supported = `expected one of ${ARCHITECTURES.join(", ")}`;
  if (architectures !== undefined && architectures !== null) {
    const known = Array.isArray(architectures) &&
      architectures.some((architecture) => ARCHITECTURES.includes(architecture));
    if (!known) {
      throw new TypeError(
        `Cannot read ${name}: architectures is ${show(architectures)}, ${supported}`,
      );
    }
  } else if (modelType !== "llama") {
    const found = modelType === undefined ? "missing" : show(modelType);
    throw new TypeError(
      `Cannot read ${name}: architectures is missing and model_type is ${found}, ${supported}`,
    );
  }
}

function checkSupported(json: Record<string, unknown>, name: string): void {
  const refuse = (field: string, expected: string): never => {
    throw new TypeError(
      `Cannot read ${name}: ${field} is ${show(json[field])}, expected ${expected}: ` +
        "anything else is not supported yet",
    );
  };
  if ((json.rope_scaling ?? null) !== null) refuse("rope_scaling", "null");
  const rope = json.rope_parameters ?? null;
  if (rope !== null) {
    const kind = isObject(rope) ? rope.rope_type ?? rope.type ?? "default" : undefined;
    if (kind !== "default") refuse("rope_parameters", 'rope_type "default"');
  }
  if ((json.hidden_act ?? "silu") !== "silu") refuse("hidden_act", '"silu"');
  if (flag(json, name, "attention_bias")) refuse("attention_bias", "false");
  if (flag(json, name, "mlp_bias")) refuse("mlp_bias", "false");
  if ((json.quantization_config ?? null) !== null) refuse("quantization_config", "null");
}

function flag(json: Record<string, unknown>, name: string, field: string): boolean {
  const value = json[field] ?? false;
  if (typeof value === "boolean") return value;
  throw new TypeError(`Cannot read ${name}: ${field} is ${show(value)}, expected true or false`);
}

function positive(name: string, field: string, value: unknown): number {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot read ${name}: ${field} is ${show(value)}, expected a number`);
  }
  if (!(value > 0 && Number.isFinite(value))) {
    throw new RangeError(`Cannot read ${name}: ${field} is ${value}, expected a number above 0`);
  }
  return value;
}

function tokenIds(
  json: Record<string, unknown>,
  name: string,
  field: string,
  vocabSize: number,
): number[] | undefined {
  const value = json[field] ?? null;
  if (value === null) return undefined;
  if (value === -1 && field === "pad_token_id") return undefined; // how the first Llamas say "none"
  const ids: unknown[] = Array.isArray(value) ? value : [value];
  const valid = (id: unknown): id is number => Number.isSafeInteger(id) && (id as number) >= 0;
  if (ids.length === 0 || !ids.every(valid) || (field !== "eos_token_id" && ids.length > 1)) {
    throw new TypeError(
      `Cannot read ${name}: ${field} is ${show(value)}, expected a token id or null`,
    );
  }
  if (field === "pad_token_id") return ids; // often beyond the vocabulary, and never embedded
  const beyond = ids.find((id) => id >= vocabSize);
  if (beyond !== undefined) {
    throw new RangeError(
      `Cannot read ${name}: ${field} is ${beyond}, expected an id below the vocab_size ${vocabSize}`,
    );
  }
  return ids;
}
