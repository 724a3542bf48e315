// How much goes through a model at once, so that no buffer passes what the device can bind and all of them fit into its
// memory. Widths are those of the widest layer there can be, with q, k and v or gate and up fused; 4 bytes a number.
import { type Device, sliceRows } from "../../backend/mod.ts";
import type { ModelConfig } from "../model/types.ts";

/** The sizes that buffers follow from. */
export type PassSizes = Pick<
  ModelConfig,
  "vocabSize" | "hiddenSize" | "intermediateSize" | "layers" | "heads" | "kvHeads" | "headDim"
>;

/** What of a device decides. */
export type PassLimits = Pick<Device, "room"> & {
  readonly info: Pick<Device["info"], "runsTwins" | "maxBindingBytes">;
};

/** A size class is so much larger than what it holds, at most. */
const CLASS = 1.19;

function widestRow(config: PassSizes): number {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim } = config;
  return Math.max(hiddenSize, 2 * intermediateSize, (heads + 2 * kvHeads) * headDim);
}

/** Bytes that a row of a forward pass takes at most: nothing is kept for a backward pass, blocks hand on what they used. */
function rowBytes(config: PassSizes, rank: number): number {
  const { hiddenSize: D, intermediateSize: F, heads, kvHeads, headDim } = config;
  const q = heads * headDim, kv = kvHeads * headDim;
  return CLASS * 4 * (7 * D + 4 * q + 6 * kv + 5 * F + heads + 2 * rank + 16);
}

/**
 * The most rows of one forward pass that is scored, 1 at least: a text is never split.
 *
 * @param limits What the device can bind, and hold beside what is there.
 * @param rank Of the adapter; 0 without one.
 */
export function rowsWithin({ info, room }: PassLimits, config: PassSizes, rank = 0): number {
  const { vocabSize } = config, bound = info.maxBindingBytes / (4 * widestRow(config));
  const row = rowBytes(config, rank), logits = CLASS * 4 * vocabSize;
  const slice = sliceRows(vocabSize, info); // rows whose logits there are at a time
  const all = room / (row + logits), held = all <= slice ? all : (room - slice * logits) / row;
  return Math.max(1, Math.floor(Math.min(bound, held)));
}

/** The most bytes that keys and values of all layers take together; more sequences wait for their turn. */
const CACHE_BYTES = 2 ** 30;

/**
 * The most sequences that are decoded together, 1 at least: their prompts' rows, their keys and values and their
 * logits each fit a binding, all layers' keys and values 1 GiB, and everything the room that is left on the device.
 *
 * @param limits What the device can bind, and hold beside what is there.
 * @param tokens `longest` prompt, and `maxNew` that may follow; `rank` of the adapter, 0 without one.
 */
export function sequencesWithin(
  { info: { maxBindingBytes }, room }: PassLimits,
  config: PassSizes,
  { longest, maxNew, rank = 0 }: { longest: number; maxNew: number; rank?: number },
): number {
  const { vocabSize, layers, kvHeads, headDim } = config;
  const cache = (longest + maxNew) * kvHeads * headDim;
  const numbers = Math.max(longest * widestRow(config), cache, vocabSize);
  const caches = 4 * 2 * layers * cache;
  const all = longest * rowBytes(config, rank) +
    CLASS * (caches + 4 * (2 * vocabSize + 2 * maxNew + 16));
  const fits = Math.min(maxBindingBytes / (4 * numbers), CACHE_BYTES / caches, room / all);
  return Math.max(1, Math.floor(fits));
}
