// The decoder: embedding, blocks of causal attention and an MLP, a head. One forward pass for all families: a part that
// a family does not name (family.ts), it does not have. Llama: Touvron et al. 2023, arXiv 2302.13971, section 2.2.
import type { AttentionHeads, Tensor } from "../../backend/mod.ts";
import { activation, activationMul } from "../ops/activation.ts";
import { attention } from "../ops/attention.ts";
import { splitColumns } from "../ops/columns.ts";
import { add, scale } from "../ops/elementwise.ts";
import { gather } from "../ops/gather.ts";
import { checkpointed } from "../ops/gradient_checkpointing.ts";
import { type AdapterUse, linear } from "../ops/linear.ts";
import { layerNorm, rmsNorm } from "../ops/norm.ts";
import { rope } from "../ops/rope.ts";
import type { Tape } from "../ops/tape.ts";
import type { DeviceBatch } from "../batch/device_batch.ts";
import { familyOf } from "./families/mod.ts";
import type { Family } from "./family.ts";
import { LOCAL_ROPE_TABLE, type ModelWeights, ROPE_TABLE } from "./load.ts";
import type { LayerKind, ModelConfig } from "./types.ts";
import { Mistake } from "../base/mistake.ts";

/** What a pass over the blocks uses. */
export interface Pass {
  /** Sizes and constants. */
  readonly config: ModelConfig;
  /** By Hugging Face name, and the rotary tables. */
  readonly weights: ModelWeights;
  /** One adapter member a row group; absent for the bare model. */
  readonly adapter?: AdapterUse;
  /** Full-parameter training: weights' gradients are left on the tape under their tensors. */
  readonly trainsWeights?: boolean;
  /** Keep only each block's input for the backward pass. Adapters only. */
  readonly gradientCheckpointing?: boolean;
}

/** Where the rows of a pass are: turns queries and keys, and says how one block sees the past. */
export interface Places {
  /** Position of each row in its sequence, less `back`. */
  readonly positions: Tensor;
  /** Taken off every position. */
  readonly back?: number;
  /** Packed rows in training, a cache in decoding. */
  attend(
    tape: Tape,
    layer: number,
    projected: { q: Tensor; k: Tensor; v: Tensor },
    options: AttentionHeads,
  ): Tensor;
}

const GLOBAL: LayerKind = { rope: "global" };

/** The parts of one block, by their names. */
class Block {
  readonly #at: string;
  readonly #family: Family;

  constructor(readonly tape: Tape, readonly pass: Pass, readonly layer: number) {
    this.#family = familyOf(pass.config);
    this.#at = `${this.#family.names.blocks}${layer}.`;
  }

  get names(): Family["names"]["block"] {
    return this.#family.names.block;
  }

  project(name: string, x: Tensor, residual?: Tensor): Tensor {
    const { adapter } = this.pass;
    const module = adapter?.layout.modules.get(this.#at + name);
    return linear(this.tape, x, weight(this.pass, `${this.#at}${name}.weight`), {
      lora: adapter && module && { use: adapter, module },
      residual,
      bias: optionalWeight(this.pass, `${this.#at}${name}.bias`),
    });
  }

  norm(name: string, x: Tensor): Tensor {
    return norm(this.tape, this.pass, this.#family, this.#at + name, x);
  }

  /** x, or its norm where the family has one there. Frees nothing. */
  before(name: string | undefined, x: Tensor): Tensor {
    return name === undefined ? x : this.norm(name, x);
  }

  /** residual + part(x), the part's norm between them where the family has one there. */
  after(name: string, postNorm: string | undefined, x: Tensor, residual: Tensor): Tensor {
    if (postNorm === undefined) return this.project(name, x, residual);
    const out = this.project(name, x), normed = this.norm(postNorm, out);
    this.tape.free(out);
    const sum = add(this.tape, residual, normed);
    this.tape.free(normed);
    return sum;
  }

  queriesKeysValues(x: Tensor): { q: Tensor; k: Tensor; v: Tensor } {
    const { attention: parts } = this.names;
    if ("q" in parts) {
      const q = this.project(parts.q, x), k = this.project(parts.k, x);
      return { q, k, v: this.project(parts.v, x) };
    }
    const { heads, kvHeads, headDim } = this.pass.config;
    const fused = this.project(parts.qkv, x);
    const widths = [heads, kvHeads, kvHeads].map((n) => n * headDim);
    const total = widths[0] + widths[1] + widths[2];
    const [q, k, v] = splitColumns(
      this.tape,
      fused,
      parts.layout === "rows"
        ? widths.map((width, i) => ({
          groups: 1,
          stride: total,
          offset: widths.slice(0, i).reduce((a, b) => a + b, 0),
          width,
        }))
        : widths.map((_, i) => ({
          groups: heads,
          stride: 3 * headDim,
          offset: i * headDim,
          width: headDim,
        })),
    );
    this.tape.free(fused);
    return { q, k, v };
  }

  /** The MLP up to its output projection. */
  inner(x: Tensor): Tensor {
    const { tape } = this, { mlp } = this.names;
    const { activation: kind = "silu", intermediateSize: F } = this.pass.config;
    if (!("gate" in mlp) && !("gateUp" in mlp)) {
      const up = this.project(mlp.up, x), h = activation(tape, kind, up);
      tape.free(up);
      return h;
    }
    let gate: Tensor, up: Tensor;
    if ("gateUp" in mlp) {
      const both = this.project(mlp.gateUp, x);
      const part = (offset: number) => ({ groups: 1, stride: 2 * F, offset, width: F });
      [gate, up] = splitColumns(tape, both, [part(0), part(F)]);
      tape.free(both);
    } else {
      gate = this.project(mlp.gate, x);
      up = this.project(mlp.up, x);
    }
    const h = activationMul(tape, kind, gate, up);
    tape.free(gate, up);
    return h;
  }
}

/** One block on rows x [R, D]. */
export function block(tape: Tape, pass: Pass, layer: number, x: Tensor, places: Places): Tensor {
  const { config, weights } = pass;
  const parts = new Block(tape, pass, layer), { names } = parts;
  const { heads, kvHeads, headDim } = config;
  const kind = config.layerKinds?.[layer] ?? GLOBAL;

  const normed = parts.before(names.attentionNorm, x);
  const projected = parts.queriesKeysValues(normed);
  if (normed !== x) tape.free(normed);
  const place = (t: Tensor, n: number, normName: string | undefined) => {
    const even = parts.before(normName, t);
    if (even !== t) tape.free(t);
    if (kind.rope === "none") return even;
    const table = weights[kind.rope === "local" ? LOCAL_ROPE_TABLE : ROPE_TABLE] as Tensor;
    const { positions, back } = places;
    const turned = rope(tape, even, positions, table, { heads: n, headDim, back });
    tape.free(even);
    return turned;
  };
  const q = place(projected.q, heads, names.qkNorm?.q);
  const k = place(projected.k, kvHeads, names.qkNorm?.k);
  const mixed = places.attend(tape, layer, { q, k, v: projected.v }, {
    heads,
    kvHeads,
    headDim,
    scale: config.attentionScale,
    softcap: config.attentionSoftcap,
    window: kind.window,
  });
  tape.free(q, k, projected.v);
  const attended = parts.after(names.o, names.attentionPostNorm, mixed, x);
  tape.free(mixed);

  const read = config.parallel ? x : attended;
  const normed2 = parts.before(names.mlpNorm, read);
  const h = parts.inner(normed2);
  if (normed2 !== read) tape.free(normed2);
  const y = parts.after(names.down, names.mlpPostNorm, h, attended);
  tape.free(h, attended);
  return y;
}

/** Token embeddings of ids [R] at positions [R] → [R, D]. */
export function embed(tape: Tape, pass: Pass, ids: Tensor, positions?: Tensor): Tensor {
  const { names } = familyOf(pass.config);
  const rows = gather(tape, weight(pass, `${names.embedding}.weight`), ids);
  if (pass.config.embedScale !== undefined) {
    const scaled = scale(tape, rows, Math.fround(pass.config.embedScale));
    tape.free(rows);
    return scaled;
  }
  if (names.positions === undefined || positions === undefined) return rows;
  const places = gather(tape, weight(pass, `${names.positions}.weight`), positions);
  const sum = add(tape, rows, places);
  tape.free(rows, places);
  return sum;
}

/** Pick rows of the last block's output and normalise them: what the head reads. */
export function headInput(tape: Tape, pass: Pass, x: Tensor, rows: Tensor): Tensor {
  const family = familyOf(pass.config);
  const picked = gather(tape, { tensor: x, trains: true }, rows);
  const normed = norm(tape, pass, family, family.names.finalNorm, picked);
  tape.free(picked);
  return normed;
}

/**
 * Forward pass over packed sequences: ids → the normalised hidden states that predict completion tokens.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { forward, packSequences, Tape, tinyModel, uploadBatch } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * using arena = new Arena(device, "example");
 * const batch = uploadBatch(arena, packSequences([{ ids: [1, 7, 9], promptLength: 1 }]));
 * const h = forward(new Tape(arena, false), { config: model.config, weights: weights.borrow() }, batch);
 * assertEquals((await arena.read(h)).length, 2 * 8); // a row for each of the two completion tokens
 * ```
 *
 * @param batch Its groups must be the adapter's members.
 * @param attendTo Called with each layer's rotated keys and values (to fill a cache); default: nothing.
 * @returns [G·H, D], what the head reads.
 * @throws {Mistake} If a sequence is longer than the model's positions.
 * @throws {TypeError} If the adapter has other members than the batch has groups.
 */
export function forward(
  tape: Tape,
  pass: Pass,
  batch: DeviceBatch,
  attendTo?: (layer: number, k: Tensor, v: Tensor) => void,
): Tensor {
  const { config } = pass;
  const most = positionsOf(pass);
  if (batch.maxLength > most) {
    throw new Mistake("model", {
      verb: "run",
      thing: "the model",
      found: `a sequence has ${batch.maxLength} tokens`,
      expected: `at most ${most} (max_position_embeddings, or the context it was loaded with)`,
      fix: "Shorten the prompts or the completions",
    });
  }
  const members = pass.adapter?.params.shape[0] ?? batch.groups;
  if (members !== batch.groups) {
    throw new TypeError(
      `Cannot run the model: the adapter has ${members} members, expected ${batch.groups}, one a group of the batch`,
    );
  }
  const places: Places = {
    positions: batch.positions,
    attend: (tape, layer, { q, k, v }, sizes) => {
      attendTo?.(layer, k, v);
      return attention(tape, { q, k, v }, batch, sizes);
    },
  };
  let x = embed(tape, pass, batch.ids, batch.positions);
  for (let layer = 0; layer < config.layers; layer++) {
    const part = (inner: Tape, x: Tensor) => block(inner, pass, layer, x, places);
    const y = pass.gradientCheckpointing && !pass.trainsWeights
      ? checkpointed(tape, x, part, { trains: pass.adapter?.gradient !== undefined })
      : part(tape, x);
    tape.free(x);
    x = y;
  }
  const out = headInput(tape, pass, x, batch.headRows);
  tape.free(x);
  return out;
}

/** Positions that the model has tables for, whatever config it is run with. */
function positionsOf({ config, weights }: Pass): number {
  const tables = [ROPE_TABLE, LOCAL_ROPE_TABLE, `${familyOf(config).names.positions}.weight`];
  const rows = tables.flatMap((name) => (weights[name] as Tensor | undefined)?.shape[0] ?? []);
  return Math.min(config.maxPositions, ...rows);
}

function norm(tape: Tape, pass: Pass, family: Family, name: string, x: Tensor): Tensor {
  const { rmsEps } = pass.config;
  if (family.norm === "layer") {
    const bias = optionalWeight(pass, `${name}.bias`);
    return layerNorm(tape, x, vector(pass, `${name}.weight`), bias, rmsEps);
  }
  return rmsNorm(tape, x, vector(pass, `${name}.weight`), rmsEps);
}

function weight({ weights, trainsWeights = false }: Pass, name: string) {
  return { tensor: weights[name], trains: trainsWeights };
}

function vector({ weights, trainsWeights = false }: Pass, name: string) {
  return { tensor: weights[name] as Tensor, trains: trainsWeights };
}

function optionalWeight(pass: Pass, name: string) {
  return pass.weights[name] === undefined ? undefined : vector(pass, name);
}
