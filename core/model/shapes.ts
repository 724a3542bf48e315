// The tensors that a config implies: their names and shapes in the checkpoint, and which of them LoRA can adapt.
import type { HostTensor } from "../base/host_tensor.ts";
import { quote, showShape } from "../base/quote.ts";
import type { LinearShape } from "../lora/adapter.ts";
import { familyOf } from "./families/mod.ts";
import type { Family } from "./family.ts";
import type { ModelConfig } from "./types.ts";
import { Mistake } from "../base/mistake.ts";

/** A linear layer of a block: its name below the block's prefix, its widths, and whether it has a bias. */
interface BlockLinear {
  readonly name: string;
  readonly inDim: number;
  readonly outDim: number;
  readonly biased: boolean;
}

function blockLinears(config: ModelConfig, { names: { block } }: Family): BlockLinear[] {
  const { hiddenSize: D, intermediateSize: F, heads, kvHeads, headDim, biases = {} } = config;
  const q = heads * headDim, kv = kvHeads * headDim;
  const { qkv = false, o = false, mlp = false } = biases;
  const of = (name: string, inDim: number, outDim: number, biased: boolean) => ({
    name,
    inDim,
    outDim,
    biased,
  });
  const attention = "qkv" in block.attention ? [of(block.attention.qkv, D, q + 2 * kv, qkv)] : [
    of(block.attention.q, D, q, qkv),
    of(block.attention.k, D, kv, qkv),
    of(block.attention.v, D, kv, qkv),
  ];
  const up = "gateUp" in block.mlp
    ? [of(block.mlp.gateUp, D, 2 * F, mlp)]
    : "gate" in block.mlp
    ? [of(block.mlp.gate, D, F, mlp), of(block.mlp.up, D, F, mlp)]
    : [of(block.mlp.up, D, F, mlp)];
  return [...attention, of(block.o, q, D, o), ...up, of(block.down, F, D, mlp)];
}

/**
 * Names of the linear layers in the order of the forward pass, with their widths: what LoRA can adapt.
 *
 * @example
 * ```ts
 * import { linearLayers, parseModelConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = parseModelConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * assertEquals(linearLayers(config).length, 7); // q, k, v, o, gate, up, down
 * ```
 */
export function linearLayers(config: ModelConfig): LinearShape[] {
  const family = familyOf(config);
  const linears = blockLinears(config, family);
  return Array.from(
    { length: config.layers },
    (_, layer) =>
      linears.map(({ name, inDim, outDim }) => ({
        name: `${family.names.blocks}${layer}.${name}`,
        inDim,
        outDim,
        ...(family.transposed ? { transposed: true } : {}),
      })),
  ).flat();
}

/**
 * Names and shapes of a model's tensors, as Hugging Face names them and as they lie in its files: [out, in], or
 * [in, out] for GPT-2's linear layers.
 *
 * @example
 * ```ts
 * import { tensorShapes } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const shapes = tensorShapes({
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
export function tensorShapes(config: ModelConfig): Map<string, readonly number[]> {
  const family = familyOf(config);
  const { names, norm, transposed = false } = family;
  const { vocabSize: V, hiddenSize: D, heads, kvHeads, headDim } = config;
  const shapes = new Map<string, readonly number[]>([[`${names.embedding}.weight`, [V, D]]]);
  if (names.positions) shapes.set(`${names.positions}.weight`, [config.maxPositions, D]);
  const addNorm = (name: string | undefined, width = D) => {
    if (name === undefined) return;
    shapes.set(`${name}.weight`, [width]);
    if (norm === "layer") shapes.set(`${name}.bias`, [width]);
  };
  const { block } = names;
  const linears = blockLinears(config, family);
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `${names.blocks}${layer}.`;
    const below = (name: string | undefined) => name && at + name;
    const addLinear = ({ name, inDim, outDim, biased }: BlockLinear) => {
      shapes.set(`${at}${name}.weight`, transposed ? [inDim, outDim] : [outDim, inDim]);
      if (biased) shapes.set(`${at}${name}.bias`, [outDim]);
    };
    const mlpFrom = linears.findIndex(({ name }) => name === block.o) + 1;
    addNorm(below(block.attentionNorm));
    linears.slice(0, mlpFrom).forEach(addLinear);
    if (block.qkNorm) {
      const each = block.qkNorm.of === "head";
      addNorm(below(block.qkNorm.q), each ? headDim : heads * headDim);
      addNorm(below(block.qkNorm.k), each ? headDim : kvHeads * headDim);
    }
    addNorm(below(block.attentionPostNorm));
    addNorm(below(block.mlpNorm));
    linears.slice(mlpFrom).forEach(addLinear);
    addNorm(below(block.mlpPostNorm));
  }
  addNorm(names.finalNorm);
  if (!config.tied) shapes.set(`${names.head}.weight`, [V, D]);
  return shapes;
}

/**
 * Where the head's matrix is: the embedding, where they are tied.
 *
 * @example
 * ```ts
 * import { headName, parseModelConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = parseModelConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8, tie_word_embeddings: true,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * assertEquals(headName(config), "model.embed_tokens.weight");
 * ```
 */
export function headName(config: ModelConfig): string {
  const { names } = familyOf(config);
  return `${config.tied ? names.embedding : names.head}.weight`;
}

/**
 * A tensor's name as this package uses it, or nothing for what a model does not need: GPT-2's first files leave out
 * the prefix, and old exports keep masks and rotary frequencies, which follow from the config.
 *
 * @example
 * ```ts
 * import { canonicalName } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = {
 *   family: "gpt2", vocabSize: 16, hiddenSize: 8, intermediateSize: 12, layers: 1, heads: 2, kvHeads: 2,
 *   headDim: 4, ropeTheta: 10000, rmsEps: 1e-5, tied: true, maxPositions: 32,
 * };
 * assertEquals(canonicalName(config, "wte.weight"), "transformer.wte.weight");
 * assertEquals(canonicalName(config, "h.0.attn.bias"), undefined); // the causal mask
 * ```
 */
export function canonicalName(config: ModelConfig, name: string): string | undefined {
  const { names, canonical } = familyOf(config);
  if (/\.rotary_emb\.inv_freq$|\.(attn|attention)\.(masked_)?bias$/.test(name)) return undefined;
  const own = canonical?.(name, config) ?? name;
  if (own !== name) return own;
  if (config.tied && (name === `${names.head}.weight` || name === "lm_head.weight")) {
    return undefined;
  }
  return name;
}

/**
 * Checks that tensors are exactly those of the config: each there, of its shape, and no other.
 *
 * @example
 * ```ts
 * import { checkTensorShapes, Mistake } from "@leash/bpo/core";
 * import { assertThrows } from "@std/assert";
 * const config = {
 *   vocabSize: 16, hiddenSize: 8, intermediateSize: 12, layers: 1, heads: 2, kvHeads: 1,
 *   headDim: 4, ropeTheta: 10000, rmsEps: 1e-5, tied: true, maxPositions: 32,
 * };
 * assertThrows(() => checkTensorShapes(config, new Map()), Mistake, "embed_tokens");
 * ```
 *
 * @param config The model's sizes.
 * @param found Shapes by Hugging Face name.
 * @param name What to call the model in errors; default "the model".
 * @throws {Mistake} If a tensor is missing, has another shape, or does not belong to the model.
 */
export function checkTensorShapes(
  config: ModelConfig,
  found: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  name = "the model",
): void {
  const shapes = tensorShapes(config);
  for (const [key, shape] of shapes) {
    const tensor = found.get(key);
    if (!tensor) {
      throw new Mistake("model", {
        verb: "load",
        thing: name,
        found: `tensor ${quote(key)} is missing`,
        expected: `shape ${showShape(shape)}`,
      });
    }
    if (tensor.shape.join() !== shape.join()) {
      throw new Mistake("model", {
        verb: "load",
        thing: name,
        found: `tensor ${quote(key)} shape is ${showShape(tensor.shape)}`,
        expected: `${showShape(shape)} from the config`,
      });
    }
  }
  for (const key of found.keys()) {
    if (shapes.has(key)) continue;
    const why = config.tied && key === `${familyOf(config).names.head}.weight`
      ? "no head of its own, because tie_word_embeddings is true"
      : `only the ${shapes.size} tensors of a ${
        familyOf(config).name
      } model of ${config.layers} layers`;
    throw new Mistake("model", {
      verb: "load",
      thing: name,
      found: `tensor ${quote(key)} is there`,
      expected: why,
    });
  }
}

/**
 * As {@linkcode checkTensorShapes}, and that each host tensor has as many numbers as its shape says.
 *
 * @example
 * ```ts
 * import { checkTensors, Mistake } from "@leash/bpo/core";
 * import { assertThrows } from "@std/assert";
 * const config = {
 *   vocabSize: 16, hiddenSize: 8, intermediateSize: 12, layers: 1, heads: 2, kvHeads: 1,
 *   headDim: 4, ropeTheta: 10000, rmsEps: 1e-5, tied: true, maxPositions: 32,
 * };
 * assertThrows(() => checkTensors(config, new Map()), Mistake, "embed_tokens");
 * ```
 *
 * @throws {Mistake} If a tensor does not fit.
 */
export function checkTensors(
  config: ModelConfig,
  tensors: ReadonlyMap<string, HostTensor>,
  name = "the model",
): void {
  checkTensorShapes(config, tensors, name);
  for (const [key, { shape, data }] of tensors) {
    const elements = shape.reduce((product, extent) => product * extent, 1);
    if (data.length !== elements) {
      throw new Mistake("model", {
        verb: "load",
        thing: name,
        found: `tensor ${quote(key)} data is ${data.length} elements long`,
        expected: `${elements}`,
      });
    }
  }
}
