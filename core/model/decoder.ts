// The decoder: embedding, blocks of causal attention and an MLP, a head. One forward pass for all families: a part that
// a family does not name (family.ts), it does not have. Llama: Touvron et al. 2023, arXiv 2302.13971, section 2.2.
import type { Tensor } from "../../backend/mod.ts";
import type { DeviceBatch } from "../batch/device_batch.ts";
import { attention } from "../ops/attention.ts";
import { add, scale } from "../ops/elementwise.ts";
import { gather } from "../ops/gather.ts";
import { checkpointed } from "../ops/gradient_checkpointing.ts";
import type { AdapterUse } from "../ops/linear.ts";
import type { Tape } from "../ops/tape.ts";
import { bindModel } from "./bind.ts";
import type { BoundModel, Pass } from "./bound_model.ts";
import { type Places, runBlock, runNorm } from "./block.ts";
import { Mistake } from "../base/mistake.ts";

/** Token embeddings of ids [R] at positions [R] → [R, D]. */
export function embed(
  tape: Tape,
  { embed }: BoundModel,
  ids: Tensor,
  positions?: Tensor,
): Tensor {
  const rows = gather(tape, embed.tokens, ids);
  if (embed.scale !== undefined) {
    const scaled = scale(tape, rows, embed.scale);
    tape.free(rows);
    return scaled;
  }
  if (embed.positions === undefined || positions === undefined) return rows;
  const places = gather(tape, embed.positions, positions);
  const sum = add(tape, rows, places);
  tape.free(rows, places);
  return sum;
}

/** All blocks on rows x [R, D] → [R, D]; frees x. */
export function blocks(
  tape: Tape,
  model: BoundModel,
  x: Tensor,
  { places, adapter, keepsInputs = false }: {
    readonly places: Places;
    readonly adapter?: AdapterUse;
    /** Keep only each block's input for the backward pass. */
    readonly keepsInputs?: boolean;
  },
): Tensor {
  model.blocks.forEach((block, layer) => {
    const part = (tape: Tape, x: Tensor) => runBlock({ tape, adapter, places, layer }, block, x);
    const y = keepsInputs
      ? checkpointed(tape, x, part, { trains: adapter?.gradient !== undefined })
      : part(tape, x);
    tape.free(x);
    x = y;
  });
  return x;
}

/** Pick rows of the last block's output and normalise them: what the head reads. Frees x. */
export function headInput(tape: Tape, { head }: BoundModel, x: Tensor, rows: Tensor): Tensor {
  const picked = gather(tape, { tensor: x, trains: true }, rows);
  const normed = runNorm(tape, head.norm, picked);
  tape.free(picked, x);
  return normed;
}

/**
 * Forward pass over packed sequences: ids → the normalised hidden states that predict completion tokens.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { forward, tinyModel } from "@leash/bpo/core";
 * import { packSequences, Tape, uploadBatch } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * using arena = new Arena(device, "example");
 * const batch = uploadBatch(arena, packSequences([{ ids: [1, 7, 9], promptLength: 1 }]));
 * const pass = { config: model.config, weights: weights.borrow() };
 * const h = forward(new Tape(arena, false), pass, batch);
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
  const { adapter, gradientCheckpointing, trainsWeights } = pass;
  const model = bindModel(pass);
  const most = model.rope.positions;
  if (batch.maxLength > most) {
    throw new Mistake("model", {
      verb: "run",
      thing: "the model",
      found: `a sequence has ${batch.maxLength} tokens`,
      expected: `at most ${most} (max_position_embeddings, or the context it was loaded with)`,
      fix: "Shorten the prompts or the completions",
    });
  }
  const members = adapter?.params.shape[0] ?? batch.groups;
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
  const x = embed(tape, model, batch.ids, batch.positions);
  const keepsInputs = gradientCheckpointing && !trainsWeights;
  const y = blocks(tape, model, x, { places, adapter, keepsInputs });
  return headInput(tape, model, y, batch.headRows);
}
