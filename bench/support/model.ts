// A random model of the embedded size, pairs to train it on, and how many FLOP its passes take.
import type { Device } from "../../backend/mod.ts";
import {
  adapterLayout,
  linearLayers,
  loadModel,
  type Model,
  type PreferenceBatch,
  preferenceBatch,
  tensorShapes,
  type TokenPair,
} from "../../core/mod.ts";
import { uniform } from "./inputs.ts";
import { config, LENGTH, MEMBERS, PROMPT, RANK, type StepSizes } from "./sizes.ts";

/** Where the members' factors lie. */
export const layout = adapterLayout(linearLayers(config), { rank: RANK, alpha: 2 * RANK });

/** Random weights; norms near 1, matrices small enough that activations stay near 1. */
export function randomModel(device: Device): Model {
  let seed = 0;
  const tensors = [...tensorShapes(config)].map(([name, shape]) => {
    const data = uniform(shape.reduce((a, b) => a * b, 1), seed++);
    const scale = shape.length === 1 ? 0.1 : Math.sqrt(3 / shape[1]);
    const shift = shape.length === 1 ? 1 : 0;
    for (let i = 0; i < data.length; i++) data[i] = data[i] * scale + shift;
    return [name, { shape, data }] as const;
  });
  return loadModel(device, config, new Map(tensors));
}

/** `n` token ids. */
export function tokens(n: number, seed: number): number[] {
  return Array.from(uniform(n, seed), (x) => Math.floor((x + 1) / 2 * (config.vocabSize - 1)));
}

/** Pairs of equal lengths, with reference log-probs near what a random model gives. */
export function randomBatch(pairs: number): PreferenceBatch {
  const answer = LENGTH - PROMPT;
  const list = Array.from({ length: pairs }, (_, i): TokenPair => ({
    prompt: tokens(PROMPT, 3 * i),
    chosen: tokens(answer, 3 * i + 1),
    rejected: tokens(answer, 3 * i + 2),
    referenceChosen: -7 * answer,
    referenceRejected: -7 * answer,
  }));
  return preferenceBatch(list, { snapshotId: "bench", referenceId: "bench", requireSame: true });
}

/** Weights of the linear layers, and the sum of their in and out widths. */
function linearSizes(): { weights: number; widths: number } {
  let weights = 0, widths = 0;
  for (const { inDim, outDim } of linearLayers(config)) {
    weights += inDim * outDim;
    widths += inDim + outDim;
  }
  return { weights, widths };
}

/**
 * FLOP of a training step: two products for each weight and row (forward and in the input's gradient; the base is
 * frozen, so that nobody wants the gradient of what the first block's q, k and v read), six for each factor (forward, gradient, and its own gradient), attention's two and five half squares, and
 * the head's logits and gradient. What is elementwise does not count.
 */
export function stepFlop({ rows, sequences, headRows }: StepSizes): number {
  const { layers, heads, headDim, hiddenSize, vocabSize } = config;
  const { weights, widths } = linearSizes();
  const halfSquare = 2 * headDim * heads * sequences * LENGTH * (LENGTH + 1) / 2;
  let unwanted = 0;
  for (const { inDim, outDim } of linearLayers(config).slice(0, 3)) {
    unwanted += inDim * (outDim + RANK);
  }
  return 4 * rows * weights - 2 * rows * unwanted + 6 * rows * RANK * widths +
    7 * layers * halfSquare +
    4 * headRows * hiddenSize * vocabSize;
}

/** FLOP of generating `maxNew` tokens after prompts of PROMPT: one product a weight and row, attention, logits. */
export function generateFlop(sequences: number, maxNew: number): number {
  const { layers, heads, headDim, hiddenSize, vocabSize } = config;
  const rows = PROMPT + maxNew - 1;
  const seen = rows * (rows + 1) / 2;
  return sequences * (2 * rows * (linearSizes().weights + RANK * MEMBERS * linearSizes().widths) +
    4 * layers * heads * headDim * seen + 2 * maxNew * hiddenSize * vocabSize);
}
