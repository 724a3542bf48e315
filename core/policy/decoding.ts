// Decoding on the device: packed prefill into a KV cache, then one token a step, sampled where the logits are.
// Axes: S sequences, C cache capacity, V vocabulary.
import {
  Arena,
  asMatrix,
  attentionDecode,
  type Device,
  kvWriteInPlace,
  matmulRows,
  type Owned,
  sampleInPlace,
  type Tensor,
} from "../../backend/mod.ts";
import { uploadBatch } from "../batch/device_batch.ts";
import { packPrompts } from "../batch/packed_prompts.ts";
import { bindModel } from "../model/bind.ts";
import type { Places } from "../model/block.ts";
import type { BoundModel, Pass } from "../model/bound_model.ts";
import { blocks, embed, forward, headInput } from "../model/decoder.ts";
import type { Model } from "../model/load.ts";
import { Tape } from "../ops/tape.ts";
import type { GenerateOptions } from "./generate.ts";

/** Sequences that are being written. */
export type Decoding =
  & {
    readonly [name in "tokens" | "lengths" | "done" | "ids" | "logps" | "streams" | "rows"]: Tensor;
  }
  & {
    /** Of each layer [S, C, kvHeads·headDim]. */
    readonly keys: readonly Tensor[];
    readonly values: readonly Tensor[];
  };

/** Run the prompts, fill the caches, sample the first token. */
export function prefill(
  device: Device,
  model: Model,
  prompts: readonly ArrayLike<number>[],
  streams: readonly number[],
  options: GenerateOptions,
): Owned<Decoding> {
  const { config } = model;
  const S = prompts.length;
  const width = config.kvHeads * config.headDim;
  const longest = prompts.reduce((a, { length }) => Math.max(a, length), 0);
  const capacity = longest + options.maxNew;
  using arena = new Arena(device, "prefill");
  const cache = (name: string) =>
    Array.from(
      { length: config.layers },
      (_, l) => arena.zeros([S, capacity, width], `${name} ${l}`),
    );
  const state: Decoding = {
    tokens: arena.zeros([S], "tokens", "u32"),
    lengths: arena.upload([S], Uint32Array.from(prompts, ({ length }) => length), "lengths"),
    done: arena.zeros([S], "done", "u32"),
    ids: arena.zeros([S, options.maxNew], "completion ids", "u32"),
    logps: arena.zeros([S, options.maxNew], "behaviour logps"),
    streams: arena.upload([S], Uint32Array.from(streams), "streams"),
    rows: arena.upload([S], Uint32Array.from({ length: S }, (_, s) => s), "sequence of row"),
    keys: cache("keys"),
    values: cache("values"),
  };
  const packed = packPrompts(prompts);
  const batch = uploadBatch(arena, packed);
  const { sequences } = packed;
  const rowSequence = arena.upload([sequences.length], sequences, "sequence of prompt row");
  const pass = passOf(model, options);
  const h = forward(new Tape(arena, false), pass, batch, (layer, k, v) => {
    const { positions } = batch;
    kvWriteInPlace(arena, { cache: state.keys[layer], x: k, rowSequence, positions });
    kvWriteInPlace(arena, { cache: state.values[layer], x: v, rowSequence, positions });
  });
  drawToken(arena, bindModel(pass), state, { h, step: 0 }, options);
  arena.commit();
  return arena.keep(state);
}

/** Feed the last tokens, extend the caches by one, sample the next ones: no readback. */
export function decodeStep(
  arena: Arena,
  model: Model,
  state: Decoding,
  step: number,
  promptLengths: Uint32Array<ArrayBuffer>,
  options: GenerateOptions,
): void {
  const { adapter } = options;
  const tape = new Tape(arena, false);
  const bound = bindModel(passOf(model, options));
  const places: Places = {
    positions: state.lengths,
    back: 1,
    attend: (_, layer, { q, k, v }, sizes) => {
      const where = { rowSequence: state.rows, positions: state.lengths };
      const kCache = state.keys[layer], vCache = state.values[layer];
      kvWriteInPlace(arena, { cache: kCache, x: k, ...where }, { back: 1 });
      kvWriteInPlace(arena, { cache: vCache, x: v, ...where }, { back: 1 });
      return attentionDecode(arena, { q, kCache, vCache, lengths: state.lengths }, sizes);
    },
  };
  // Only learned positions are rows of a table. A sequence that is done stays where it is; nobody reads it.
  const positions = bound.embed.positions === undefined
    ? undefined
    : arena.upload([promptLengths.length], promptLengths.map((n) => n + step - 1), "positions");
  const x = embed(tape, bound, state.tokens, positions);
  const y = blocks(tape, bound, x, { places, adapter });
  const h = headInput(tape, bound, y, state.rows);
  drawToken(arena, bound, state, { h, step }, options);
}

function passOf({ config, weights }: Model, { adapter }: GenerateOptions): Pass {
  return { config, weights: weights.borrow(), adapter };
}

/** The next token of each sequence; releases h. */
function drawToken(
  arena: Arena,
  { config, head }: BoundModel,
  state: Decoding,
  { h, step }: { readonly h: Tensor; readonly step: number },
  { temperature = 1, topK = 0, topP = 1, minP = 0, key }: GenerateOptions,
): void {
  const logits = matmulRows(arena, {
    a: { tensor: h },
    w: asMatrix(head.matrix),
    M: h.shape[0],
    label: "logits",
  });
  sampleInPlace(arena, {
    logits,
    tokens: state.tokens,
    lengths: state.lengths,
    done: state.done,
    ids: state.ids,
    logps: state.logps,
    streams: state.streams,
  }, {
    step,
    temperature,
    topK,
    topP,
    minP,
    seed0: key[0],
    seed1: key[1],
    softcap: config.logitSoftcap,
    eosIds: [...(config.eosId ?? [])],
    padId: config.padId ?? 0,
  });
  arena.release(logits);
  arena.release(h);
}
