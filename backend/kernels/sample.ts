// One decode step's sampling, in place on the device. Axes: S rows (sequences), V vocabulary.
// Kept: x = l/T; top-k keeps logits ≥ the k-th largest; top-p keeps logits ≥ the largest t for which the kept mass
// of logits ≥ t reaches topP; min-p keeps p ≥ minP·max p. Each works on what is left, and all are thresholds on the
// logit: ties at a threshold stay. WebGPU finds them exactly, by halving the ordered bits of a float 32 times.
// Drawn: arg max of e^x/E over the kept ids, E = −log(1 − u), which has the kept probabilities (an exponential race,
// the Gumbel trick without its two logs). u comes from Threefry-2x32-20 with key (seed0, seed1), counter (stream,
// step): 64 bits a row and step, mixed with the id by a multiply-xorshift hash. So a row's tokens depend on its
// stream, not on its neighbours. Reads V logits 4 times, once to see that all are finite, 32 more for top-k and top-p each; deterministic.
import type { Arena } from "../arena.ts";
import { length, matrix } from "../checks.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { grid } from "../workgroup.ts";
import type { Tensor } from "../tensor.ts";
import { SAMPLE, sampleTwin } from "./sample_twin.ts";

export { DONE } from "./sample_twin.ts";
import { sampleWgsl } from "./sample_wgsl.ts";
import { softcap as softcapped } from "./softcap.ts";

const NO_EOS = 0xffffffff;
const OFF = -3e38;

/** Ids that may end a sequence: what {@linkcode sampleInPlace} looks for. */
export const MOST_END_IDS = 4;

/** Binds logits [S, V], streams u32 [S]; tokens, lengths, done u32 [S], ids u32 and logps [S, width] are written. */
export const sampleInPlaceKernel: Kernel = defineKernel({
  ...SAMPLE,
  name: "sampleInPlace",
  wgsl: sampleWgsl,
  workgroups: (p) => grid(p.rows, 1),
  cpu: [{ tasks: (p) => p.rows, run: sampleTwin }],
});

/** Tensors of {@linkcode sampleInPlace}. */
export interface SampleTensors {
  /** [S, V] f32 of this step; borrowed. */
  readonly logits: Tensor;
  /** [S] u32: names of the rows' random streams; borrowed. */
  readonly streams: Tensor;
  /** [S] u32: becomes the token that goes in next. */
  readonly tokens: Tensor;
  /** [S] u32: tokens of each sequence; grows by 1. */
  readonly lengths: Tensor;
  /** [S] u32, 0 where a row goes on: becomes 1 where an end is drawn, 2 where a logit is NaN or infinite. */
  readonly done: Tensor;
  /** [S, maxNew] u32: column `step` is written. */
  readonly ids: Tensor;
  /** [S, maxNew] f32, nats: log-probs of the ids at temperature 1, nothing cut off; column `step` is written. */
  readonly logps: Tensor;
}

/** How {@linkcode sampleInPlace} draws. */
export interface SampleOptions {
  /** Column of `ids` and `logps`, and the counter of the random numbers. */
  readonly step: number;
  /** T; 0 takes the likeliest token, the lowest id among equals. */
  readonly temperature: number;
  /** Keep the k likeliest. 0 for off. */
  readonly topK: number;
  /** Keep the smallest set of the likeliest tokens with this mass, in (0, 1]. 1 for off. */
  readonly topP: number;
  /** Keep tokens with at least this share of the likeliest one's probability, in [0, 1]. 0 for off. */
  readonly minP: number;
  /** First word of the key, u32. */
  readonly seed0: number;
  /** Second word of the key, u32. */
  readonly seed1: number;
  /** Ids that end a sequence, at most {@linkcode MOST_END_IDS}. */
  readonly eosIds: readonly number[];
  /** Id that is written for rows that are done. */
  readonly padId: number;
  /** c > 0: logits become c·tanh(l/c) before all else, the log-probs too. Default: they stay. */
  readonly softcap?: number;
}

/**
 * Draw the next token of every row that is not done, on the device: nothing is read back.
 *
 * Rows that are done get `padId` and log-prob 0; their token and length stay. So do rows with a logit that is not
 * finite, which are done from then on: nothing can be drawn from them. The log-prob of a drawn token is the
 * behaviour policy's, log-softmax of the logits as the model defines them (capped where it caps), whatever temperature and truncation chose it.
 *
 * @example
 * ```ts
 * import { Arena, openDevice, sampleInPlace } from "@leash/bpo/backend";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const words = (x: number) => arena.upload([1], new Uint32Array([x]), "words");
 * const logits = arena.upload([1, 3], new Float32Array([0, 9, 1]), "logits");
 * const ids = arena.zeros([1, 8], "ids", "u32"), logps = arena.zeros([1, 8], "logps");
 * const rows = { streams: words(0), tokens: words(0), lengths: words(5), done: words(0) };
 * const draw = { temperature: 0, topK: 0, topP: 1, minP: 0, seed0: 1, seed1: 2 };
 * sampleInPlace(arena, { logits, ...rows, ids, logps }, { ...draw, step: 0, eosIds: [2], padId: 0 });
 * assert((await arena.read(rows.tokens))[0] === 1);
 * ```
 *
 * @throws {TypeError} If shapes do not fit.
 * @throws {RangeError} If an option is out of its range.
 */
export function sampleInPlace(arena: Arena, tensors: SampleTensors, options: SampleOptions): void {
  const { logits, streams, tokens, lengths, done, ids, logps } = tensors;
  const { step, temperature, topK, topP, minP, seed0, seed1, eosIds, padId, softcap } = options;
  const [rows, V] = matrix("sampleInPlace", "logits", logits);
  for (const [name, tensor] of Object.entries({ streams, tokens, lengths, done })) {
    length("sampleInPlace", name, tensor, rows);
  }
  const [, width] = matrix("sampleInPlace", "ids", ids, rows);
  matrix("sampleInPlace", "logps", logps, rows, width);
  const word = (x: number) => Number.isInteger(x) && x >= 0 && x <= 0xffffffff;
  const fits: [string, unknown, boolean, string][] = [
    ["step", step, word(step) && step < width, `a whole number below ${width}`],
    ["temperature", temperature, temperature >= 0 && temperature < 1e6, "0 or a positive number"],
    ["topK", topK, word(topK), "0 or a positive whole number"],
    ["topP", topP, topP > 0 && topP <= 1, "above 0, at most 1"],
    ["minP", minP, minP >= 0 && minP <= 1, "from 0 to 1"],
    ["seed0", seed0, word(seed0), "a whole number below 2^32"],
    ["seed1", seed1, word(seed1), "a whole number below 2^32"],
    ["padId", padId, word(padId), "a token id"],
    [
      "eosIds",
      `[${eosIds}]`,
      eosIds.length <= MOST_END_IDS && eosIds.every(word),
      `at most ${MOST_END_IDS} token ids`,
    ],
  ];
  for (const [name, value, fit, wanted] of fits) {
    if (!fit) {
      throw new RangeError(`Cannot run sampleInPlace: ${name} is ${value}, expected ${wanted}`);
    }
  }
  const [eos0, eos1, eos2, eos3] = [...eosIds, NO_EOS, NO_EOS, NO_EOS, NO_EOS];
  const drawn = softcap === undefined ? logits : softcapped(arena, logits, softcap);
  arena.dispatch(sampleInPlaceKernel, {
    bind: { logits: drawn, streams, tokens, lengths, done, ids, logps },
    params: {
      rows,
      step,
      width,
      greedy: temperature === 0 ? 1 : 0,
      inverse: temperature === 0 ? 1 : 1 / temperature,
      topK: topK >= V ? 0 : topK,
      topP,
      cut: minP === 0 ? OFF : temperature * Math.log(minP),
      ...{ seed0, seed1, eos0, eos1, eos2, eos3, pad: padId },
    },
    fixed: { V },
  });
  if (drawn !== logits) arena.release(drawn);
}
