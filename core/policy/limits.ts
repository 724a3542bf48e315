// How much goes through a model at once, so that no buffer passes what the device can bind. Widths are those of the
// widest layer there can be, with q, k and v or gate and up fused; 4 bytes a number.
import type { ModelConfig } from "../model/types.ts";

/** The sizes that buffers follow from. */
export type PassSizes = Pick<
  ModelConfig,
  "vocabSize" | "hiddenSize" | "intermediateSize" | "layers" | "heads" | "kvHeads" | "headDim"
>;

function widestRow(config: PassSizes): number {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim } = config;
  return Math.max(hiddenSize, 2 * intermediateSize, (heads + 2 * kvHeads) * headDim);
}

/**
 * The most rows of one forward pass, 1 at least: a text is never split.
 *
 * @param maxBindingBytes What the device can bind, `device.info.maxBindingBytes`.
 */
export function rowsWithin(maxBindingBytes: number, config: PassSizes): number {
  return Math.max(1, Math.floor(maxBindingBytes / (4 * widestRow(config))));
}

/** The most bytes that keys and values of all layers take together; more sequences wait for their turn. */
const CACHE_BYTES = 2 ** 30;

/**
 * The most sequences that are decoded together, 1 at least: their prompts' rows, their keys and values and their
 * logits each fit a binding, and all layers' keys and values 1 GiB.
 *
 * @param maxBindingBytes What the device can bind, `device.info.maxBindingBytes`.
 * @param tokens `longest` prompt, and `maxNew` that may follow.
 */
export function sequencesWithin(
  maxBindingBytes: number,
  config: PassSizes,
  { longest, maxNew }: { longest: number; maxNew: number },
): number {
  const { vocabSize, layers, kvHeads, headDim } = config;
  const cache = (longest + maxNew) * kvHeads * headDim;
  const numbers = Math.max(longest * widestRow(config), cache, vocabSize);
  const fits = Math.min(maxBindingBytes / (4 * numbers), CACHE_BYTES / (4 * 2 * layers * cache));
  return Math.max(1, Math.floor(fits));
}
