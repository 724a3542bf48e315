// The Llama family: embedding, blocks of grouped-query attention and SwiGLU with RMSNorm before each, RoPE, a head.
// Touvron et al. 2023, arXiv 2302.13971, section 2.2. Weights keep their Hugging Face names.
import { type Arena, type Device, type Owned, ropeTable, type Tensor } from "../../backend/mod.ts";
import { Arena as ArenaClass } from "../../backend/mod.ts";
import type { HostTensors } from "../io/host_tensor.ts";
import type { LinearShape } from "../lora/adapter.ts";
import { type AdapterUse, attention, gather, linear, rmsNorm, rope, siluMul } from "../ops.ts";
import type { Tape } from "../tape.ts";
import type { DeviceBatch } from "./batch.ts";
import type { LlamaConfig } from "./config.ts";

/** Weights on the device by Hugging Face name, with the rotary table as `rope`. */
export type LlamaWeights = { readonly [name: string]: Tensor };

/** A model: its config, and its weights with one owner. */
export interface Llama {
  /** Sizes and constants. */
  readonly config: LlamaConfig;
  /** The weights; dispose them to free the model. */
  readonly weights: Owned<LlamaWeights>;
}

/** Name of the rotary table among the weights; no checkpoint has it. */
export const ROPE_TABLE = "rope";

/**
 * Names of the linear layers in the order of the forward pass, with their widths: what LoRA can adapt.
 *
 * @example
 * ```ts
 * import { linearLayers, parseLlamaConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = parseLlamaConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * assertEquals(linearLayers(config).length, 7); // q, k, v, o, gate, up, down
 * ```
 */
export function linearLayers(config: LlamaConfig): LinearShape[] {
  const { hiddenSize: D, intermediateSize: F, heads, kvHeads, headDim } = config;
  const q = heads * headDim, kv = kvHeads * headDim;
  return Array.from({ length: config.layers }, (_, l) => [
    { name: `model.layers.${l}.self_attn.q_proj`, inDim: D, outDim: q },
    { name: `model.layers.${l}.self_attn.k_proj`, inDim: D, outDim: kv },
    { name: `model.layers.${l}.self_attn.v_proj`, inDim: D, outDim: kv },
    { name: `model.layers.${l}.self_attn.o_proj`, inDim: q, outDim: D },
    { name: `model.layers.${l}.mlp.gate_proj`, inDim: D, outDim: F },
    { name: `model.layers.${l}.mlp.up_proj`, inDim: D, outDim: F },
    { name: `model.layers.${l}.mlp.down_proj`, inDim: F, outDim: D },
  ]).flat();
}

/**
 * Put a model on a device.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { initLlama, keyOf, loadLlama, parseLlamaConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const config = parseLlamaConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * const model = loadLlama(device, config, initLlama(config, keyOf(1)));
 * using weights = model.weights; // frees the model at the end of the block
 * assertEquals(weights.borrow()["model.norm.weight"].shape, [8]);
 * ```
 *
 * @param tensors Weights on the host by Hugging Face name, as `checkLlamaTensors` accepts them.
 * @returns The model; its weights are owned by the caller.
 */
export function loadLlama(device: Device, config: LlamaConfig, tensors: HostTensors): Llama {
  using arena = new ArenaClass(device, "load model");
  const weights: Record<string, Tensor> = {};
  let pending = 0; // bytes: uploads go out in parts, so that staging never holds a second model
  for (const [name, { shape, data }] of tensors) {
    weights[name] = arena.upload(shape, data, name);
    pending += data.byteLength;
    if (pending < 1 << 26) continue;
    arena.commit();
    pending = 0;
  }
  weights[ROPE_TABLE] = uploadRope(arena, config);
  arena.commit();
  return { config, weights: arena.keep(weights) };
}

function uploadRope(arena: Arena, config: LlamaConfig): Tensor {
  const { maxPositions, headDim, ropeTheta } = config;
  return arena.upload(
    [maxPositions, headDim],
    ropeTable(maxPositions, headDim, ropeTheta),
    ROPE_TABLE,
  );
}

/**
 * Where the head's matrix is: the embedding, where they are tied.
 *
 * @example
 * ```ts
 * import { headName, parseLlamaConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = parseLlamaConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8, tie_word_embeddings: true,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * assertEquals(headName(config), "model.embed_tokens.weight");
 * ```
 */
export function headName(config: LlamaConfig): string {
  return config.tied ? "model.embed_tokens.weight" : "lm_head.weight";
}

/** What a pass over the blocks uses. */
export interface Pass {
  /** Sizes and constants. */
  readonly config: LlamaConfig;
  /** By Hugging Face name, and the rotary table. */
  readonly weights: LlamaWeights;
  /** One adapter member a row group; absent for the bare model. */
  readonly adapter?: AdapterUse;
  /** Full-parameter training: weights' gradients are left on the tape under their tensors. */
  readonly trainsWeights?: boolean;
}

/** How one block's attention sees the past: packed rows in training, a cache in decoding. */
export type Attend = (
  layer: number,
  projected: { q: Tensor; k: Tensor; v: Tensor },
) => Tensor;

/** One transformer block on rows x [R, D]. `place` rotates queries and keys by their positions. */
export function block(
  tape: Tape,
  pass: Pass,
  layer: number,
  x: Tensor,
  place: (t: Tensor, heads: number) => Tensor,
  attend: Attend,
): Tensor {
  const { config, weights, adapter, trainsWeights = false } = pass;
  const at = `model.layers.${layer}`;
  const weight = (name: string) => ({
    tensor: weights[`${at}.${name}.weight`],
    trains: trainsWeights,
  });
  const project = (name: string, input: Tensor, residual?: Tensor) => {
    const module = adapter?.layout.modules.get(`${at}.${name}`);
    const lora = adapter && module && { use: adapter, module };
    return linear(tape, input, weight(name), { lora, residual });
  };
  const normed = rmsNorm(tape, x, weight("input_layernorm"), config.rmsEps);
  const q0 = project("self_attn.q_proj", normed);
  const k0 = project("self_attn.k_proj", normed);
  const v = project("self_attn.v_proj", normed);
  const q = place(q0, config.heads), k = place(k0, config.kvHeads);
  tape.free(normed, q0, k0);
  const mixed = attend(layer, { q, k, v });
  tape.free(q, k, v);
  const attended = project("self_attn.o_proj", mixed, x);
  tape.free(mixed);
  const normed2 = rmsNorm(tape, attended, weight("post_attention_layernorm"), config.rmsEps);
  const gate = project("mlp.gate_proj", normed2), up = project("mlp.up_proj", normed2);
  tape.free(normed2);
  const h = siluMul(tape, gate, up);
  tape.free(gate, up);
  const y = project("mlp.down_proj", h, attended);
  tape.free(h, attended);
  return y;
}

/** Token embeddings of ids [R] → [R, D]. */
export function embed(tape: Tape, { weights, trainsWeights = false }: Pass, ids: Tensor): Tensor {
  return gather(tape, { tensor: weights["model.embed_tokens.weight"], trains: trainsWeights }, ids);
}

/** Pick rows of the last block's output and normalise them: what the head reads. */
export function headInput(tape: Tape, pass: Pass, x: Tensor, rows: Tensor): Tensor {
  const { config, weights, trainsWeights = false } = pass;
  const picked = gather(tape, { tensor: x, trains: true }, rows);
  const normed = rmsNorm(
    tape,
    picked,
    { tensor: weights["model.norm.weight"], trains: trainsWeights },
    config.rmsEps,
  );
  tape.free(picked);
  return normed;
}

/**
 * Forward pass over packed sequences: ids → the normalised hidden states that predict completion tokens.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { forward, initLlama, keyOf, loadLlama } from "@leash/bpo/core";
 * import { packSequences, parseLlamaConfig, Tape, uploadBatch } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const config = parseLlamaConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * const model = loadLlama(device, config, initLlama(config, keyOf(1)));
 * using weights = model.weights;
 * using arena = new Arena(device, "example");
 * const batch = uploadBatch(arena, packSequences([{ ids: [1, 7, 9], promptLength: 1 }]));
 * const h = forward(new Tape(arena, false), { config, weights: weights.borrow() }, batch);
 * assertEquals((await arena.read(h)).length, 2 * 8); // a row for each of the two completion tokens
 * ```
 *
 * @param batch Its groups must be the adapter's members.
 * @param attendTo Called with each layer's rotated keys and values (to fill a cache); default: nothing.
 * @returns [G·H, D], what the head reads.
 * @throws {RangeError} If a sequence is longer than the model's positions.
 * @throws {TypeError} If the adapter has other members than the batch has groups.
 */
export function forward(
  tape: Tape,
  pass: Pass,
  batch: DeviceBatch,
  attendTo?: (layer: number, k: Tensor, v: Tensor) => void,
): Tensor {
  const { config, weights } = pass;
  if (batch.maxLength > config.maxPositions) {
    throw new RangeError(
      `Cannot run the model: a sequence has ${batch.maxLength} tokens, expected at most ${config.maxPositions} (max_position_embeddings). Shorten the prompts or the completions`,
    );
  }
  const members = pass.adapter?.params.shape[0] ?? batch.groups;
  if (members !== batch.groups) {
    throw new TypeError(
      `Cannot run the model: the adapter has ${members} members, expected ${batch.groups}, one a group of the batch`,
    );
  }
  const { heads, kvHeads, headDim } = config;
  const place = (t: Tensor, n: number) =>
    rope(tape, t, batch.positions, weights[ROPE_TABLE], { heads: n, headDim });
  let x = embed(tape, pass, batch.ids);
  for (let layer = 0; layer < config.layers; layer++) {
    const y = block(tape, pass, layer, x, place, (l, { q, k, v }) => {
      attendTo?.(l, k, v);
      return attention(tape, { q, k, v }, batch, { heads, kvHeads, headDim });
    });
    tape.free(x);
    x = y;
  }
  const out = headInput(tape, pass, x, batch.headRows);
  tape.free(x);
  return out;
}
