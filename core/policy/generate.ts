// Sampling from a policy: packed prefill into a KV cache, then one token a step, sampled on the device.
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
import type { Adapter } from "../lora/adapter.ts";
import { familyOf } from "../model/families/mod.ts";
import { checkIds, uploadBatch } from "../batch/device_batch.ts";
import { block, embed, forward, headInput, type Places } from "../model/decoder.ts";
import type { Model } from "../model/load.ts";
import { headName } from "../model/shapes.ts";
import type { Key } from "../base/random.ts";
import { Tape } from "../ops/tape.ts";
import { sequencesWithin } from "./limits.ts";
import { Mistake } from "../base/mistake.ts";

/** How to draw tokens. The filters apply in the order of transformers: temperature, top-k, top-p, min-p. */
export interface SamplingOptions {
  /** Softmax temperature; 0 is greedy. Default 1. */
  readonly temperature?: number;
  /** Keep the k likeliest tokens; 0 is off. Default 0. */
  readonly topK?: number;
  /** Keep the smallest set with this share of the mass; 1 is off. Default 1. */
  readonly topP?: number;
  /** Keep tokens with at least this share of the likeliest one's probability; 0 is off. Default 0. */
  readonly minP?: number;
}

/** What to generate. */
export interface GenerateOptions extends SamplingOptions {
  /** Most tokens of a completion. */
  readonly maxNew: number;
  /** Random key; the draw of a sequence depends on this key and its stream only, not on its neighbours. */
  readonly key: Key;
  /** Stream of each prompt. Default 0, 1, 2 …. */
  readonly streams?: ArrayLike<number>;
  /** Adapter of one member, borrowed; absent for the bare model. */
  readonly adapter?: Adapter;
  /** Sequences decoded together. Default 128, or fewer where the device binds or holds less. */
  readonly batchSize?: number;
  /** Stop between chunks. */
  readonly signal?: AbortSignal;
  /**
   * Hears each sampled id as soon as it is drawn, end token included: the place of its prompt, the id. What is drawn is
   * the same with it; it costs a readback a token.
   */
  readonly onToken?: (prompt: number, id: number) => void;
}

/** One sampled completion. Ids are kept as sampled and never re-tokenised. */
export interface Completion {
  /** Sampled ids, the end token included if it was sampled. */
  readonly ids: Uint32Array<ArrayBuffer>;
  /** Log-prob of each id under the untruncated, temperature-1 policy, nats. */
  readonly logps: Float32Array<ArrayBuffer>;
  /** "stop": an end token was sampled. "length": cut at the limit; no end token is added. */
  readonly finish: "stop" | "length";
}

const CHUNK = 16; // decode steps between looks at whether all are done

/**
 * Sample a completion for each prompt.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { generate, keyOf, tinyModel } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * const options = { maxNew: 4, temperature: 0.8, topK: 5, key: keyOf(2) };
 * const [first, second] = await generate(device, model, [[1, 2, 3], [1]], options);
 * assertEquals([first.ids.length, second.finish], [4, "length"]);
 * ```
 *
 * @param prompts Token ids, at least one each (BOS included by the caller).
 * @returns Completions in the order of the prompts.
 * @throws {RangeError} If a prompt is empty, holds an id that is not in the vocabulary, or prompt + maxNew exceeds the
 * model's positions; and where the model's logits are NaN or infinite, which nothing can be drawn from.
 */
export async function generate(
  device: Device,
  model: Model,
  prompts: readonly ArrayLike<number>[],
  options: GenerateOptions,
): Promise<Completion[]> {
  const { maxNew, batchSize = 128 } = options;
  if (!(Number.isInteger(maxNew) && maxNew >= 1)) {
    throw new RangeError(`Cannot generate: maxNew is ${maxNew}, expected a whole number ≥ 1`);
  }
  const { maxPositions, vocabSize } = model.config;
  prompts.forEach((prompt, i) => {
    const { length } = prompt;
    checkIds(prompt, vocabSize, { verb: "generate", holder: `prompt ${i}` });
    if (length < 1 || length + maxNew > maxPositions) {
      throw new Mistake("model", {
        verb: "generate",
        found: `prompt ${i} has ${length} tokens`,
        expected: `1 to ${
          maxPositions - maxNew
        } so that ${maxNew} more fit in ${maxPositions} positions`,
      });
    }
  });
  const longest = prompts.reduce((a, { length }) => Math.max(a, length), 1);
  const rank = options.adapter?.layout.rank;
  const within = sequencesWithin(device, model.config, { longest, maxNew, rank });
  const together = Math.min(batchSize, within);
  const out: Completion[] = [];
  for (let from = 0; from < prompts.length; from += together) {
    const part = prompts.slice(from, from + together);
    const streams = part.map((_, i) => options.streams?.[from + i] ?? from + i);
    const { onToken } = options;
    const hear = onToken && ((sequence: number, id: number) => onToken(from + sequence, id));
    const all = { ...options, onToken: hear, first: from };
    out.push(...await generateBatch(device, model, part, streams, all));
  }
  return out;
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

type Decoding =
  & {
    readonly [name in "tokens" | "lengths" | "done" | "ids" | "logps" | "streams" | "rows"]: Tensor;
  }
  & { readonly keys: readonly Tensor[]; readonly values: readonly Tensor[] };

async function generateBatch(
  device: Device,
  model: Model,
  prompts: readonly ArrayLike<number>[],
  streams: readonly number[],
  options: GenerateOptions & { readonly first: number },
): Promise<Completion[]> {
  const { maxNew, onToken } = options;
  const promptLengths = Uint32Array.from(prompts, ({ length }) => length);
  const ends = model.config.eosId ?? [];
  const chunk = onToken ? 1 : CHUNK;
  const heard = new Uint32Array(prompts.length);
  using decoding = prefill(device, model, prompts, streams, options);
  const state = decoding.borrow();
  for (let step = 1;; step += chunk) {
    await turn(); // let a timer or Ctrl-C raise the signal: the CPU device's own awaits never leave this task
    options.signal?.throwIfAborted();
    using arena = new Arena(device, `decode from ${step}`);
    const end = Math.min(step + chunk, maxNew);
    for (let s = step; s < end; s++) decodeStep(arena, model, state, s, promptLengths, options);
    const isLast = end === maxNew;
    if (!isLast && !onToken) {
      const done = await arena.read(state.done);
      if (done.every((d) => d === 0 || d === 1) && done.includes(0)) continue;
    }
    const { ids, logps, done, lengths: all } = await arena.readAll({
      ids: state.ids,
      logps: state.logps,
      done: state.done,
      lengths: state.lengths,
    });
    const wrong = done.indexOf(2);
    if (wrong >= 0) {
      throw new Mistake("model", {
        verb: "generate",
        found: `token ${all[wrong] - promptLengths[wrong]} of prompt ${
          options.first + wrong
        } has logits that are NaN or infinite`,
        expected: "finite numbers",
        fix:
          "The weights of the model or its adapter have diverged: go back to an earlier checkpoint",
      });
    }
    const lengths = prompts.map((_, s) => {
      const row = ids.subarray(s * maxNew, s * maxNew + end);
      return done[s] === 1 ? row.findIndex((id) => ends.includes(id)) + 1 : end;
    });
    lengths.forEach((length, s) => {
      for (; onToken && heard[s] < length; heard[s]++) onToken(s, ids[s * maxNew + heard[s]]);
    });
    if (!isLast && !done.every((d) => d === 1)) continue;
    return prompts.map((_, s) => {
      const stop = lengths[s];
      const row = ids.slice(s * maxNew, (s + 1) * maxNew) as Uint32Array<ArrayBuffer>;
      return {
        ids: row.slice(0, stop),
        logps: logps.slice(s * maxNew, s * maxNew + stop) as Float32Array<ArrayBuffer>,
        finish: done[s] === 1 ? "stop" : "length",
      };
    });
  }
}

/** Run the prompts, fill the caches, sample the first token. */
function prefill(
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
  const rowSequence = arena.upload(
    [packed.ids.length],
    Uint32Array.from(packed.sequenceOfRow),
    "sequence of prompt row",
  );
  const tape = new Tape(arena, false);
  const weights = model.weights.borrow();
  const pass = { config, weights, adapter: options.adapter };
  const h = forward(tape, pass, batch, (layer, k, v) => {
    const { positions } = batch;
    kvWriteInPlace(arena, { cache: state.keys[layer], x: k, rowSequence, positions });
    kvWriteInPlace(arena, { cache: state.values[layer], x: v, rowSequence, positions });
  });
  drawToken(arena, model, state, h, 0, options);
  arena.commit();
  return arena.keep(state);
}

function packPrompts(prompts: readonly ArrayLike<number>[]) {
  const ids: number[] = [], positions: number[] = [], sequenceOfRow: number[] = [];
  const starts: number[] = [], lastRows: number[] = [];
  prompts.forEach((prompt, s) => {
    starts.push(ids.length);
    for (let i = 0; i < prompt.length; i++) {
      ids.push(prompt[i]);
      positions.push(i);
      sequenceOfRow.push(s);
    }
    lastRows.push(ids.length - 1);
  });
  const one = new Uint32Array(prompts.length).fill(1);
  return {
    ids: Uint32Array.from(ids),
    positions: Uint32Array.from(positions),
    starts: Uint32Array.from(starts),
    lengths: Uint32Array.from(prompts, ({ length }) => length),
    headRows: Uint32Array.from(lastRows),
    targets: new Uint32Array(prompts.length),
    headStarts: one.map((_, s) => s),
    headCounts: one,
    truncatedSequences: 0,
    truncatedTokens: 0,
    sequenceOfRow,
  };
}

/** Feed the last tokens, extend the caches by one, sample the next ones: no readback. */
function decodeStep(
  arena: Arena,
  model: Model,
  state: Decoding,
  step: number,
  promptLengths: Uint32Array<ArrayBuffer>,
  options: GenerateOptions,
): void {
  const { adapter } = options;
  const { config } = model;
  const tape = new Tape(arena, false);
  const pass = { config, weights: model.weights.borrow(), adapter };
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
  const learned = familyOf(config).names.positions !== undefined;
  const positions = learned
    ? arena.upload([promptLengths.length], promptLengths.map((n) => n + step - 1), "positions")
    : undefined;
  let x = embed(tape, pass, state.tokens, positions);
  for (let layer = 0; layer < config.layers; layer++) {
    const y = block(tape, pass, layer, x, places);
    tape.free(x);
    x = y;
  }
  const h = headInput(tape, pass, x, state.rows);
  tape.free(x);
  drawToken(arena, model, state, h, step, options);
}

function drawToken(
  arena: Arena,
  model: Model,
  state: Decoding,
  h: Tensor,
  step: number,
  { temperature = 1, topK = 0, topP = 1, minP = 0, key }: GenerateOptions,
): void {
  const { config } = model;
  const logits = matmulRows(arena, {
    a: { tensor: h },
    w: asMatrix(model.weights.borrow()[headName(config)]),
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
