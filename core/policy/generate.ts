// Sampling from a policy: batches of prompts, decoded in chunks between looks at which have ended.
import { Arena, type Device, DONE } from "../../backend/mod.ts";
import type { Adapter } from "../lora/adapter.ts";
import { checkIds } from "../batch/device_batch.ts";
import type { Model } from "../model/load.ts";
import type { Key } from "../base/random.ts";
import { decodeStep, prefill } from "./decoding.ts";
import { sequencesWithin } from "./limits.ts";
import { Mistake } from "../base/mistake.ts";
import { turn } from "../base/pause.ts";

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
 * @throws {Mistake} If a prompt is empty, holds an id that is not in the vocabulary, or prompt + maxNew exceeds the
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
      if (done.every((d) => d === 0 || d === DONE.ENDED) && done.includes(0)) continue;
    }
    const { ids, logps, done, lengths: all } = await arena.readAll({
      ids: state.ids,
      logps: state.logps,
      done: state.done,
      lengths: state.lengths,
    });
    const wrong = done.indexOf(DONE.BROKEN);
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
      return done[s] === DONE.ENDED ? row.findIndex((id) => ends.includes(id)) + 1 : end;
    });
    lengths.forEach((length, s) => {
      for (; onToken && heard[s] < length; heard[s]++) onToken(s, ids[s * maxNew + heard[s]]);
    });
    if (!isLast && !done.every((d) => d === DONE.ENDED)) continue;
    return prompts.map((_, s) => {
      const stop = lengths[s];
      const row = ids.slice(s * maxNew, (s + 1) * maxNew) as Uint32Array<ArrayBuffer>;
      return {
        ids: row.slice(0, stop),
        logps: logps.slice(s * maxNew, s * maxNew + stop) as Float32Array<ArrayBuffer>,
        finish: done[s] === DONE.ENDED ? "stop" : "length",
      };
    });
  }
}
