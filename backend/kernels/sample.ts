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
import { type CpuContext, grid, type Kernel } from "../kernel.ts";
import type { Tensor } from "../tensor.ts";
import { sampleWgsl } from "./sample_wgsl.ts";
import { softcap as softcapped } from "./softcap.ts";

const NO_EOS = 0xffffffff;
const OFF = -3e38;

/** Ids that may end a sequence: what {@linkcode sampleInPlace} looks for. */
export const MOST_END_IDS = 4;

/** Binds logits [S, V], streams u32 [S]; tokens, lengths, done u32 [S], ids u32 and logps [S, width] are written. */
export const sampleInPlaceKernel: Kernel = {
  name: "sampleInPlace",
  bindings: [
    { name: "logits", access: "read" },
    { name: "streams", access: "read", type: "u32" },
    { name: "tokens", access: "read_write", type: "u32" },
    { name: "lengths", access: "read_write", type: "u32" },
    { name: "done", access: "read_write", type: "u32" },
    { name: "ids", access: "read_write", type: "u32" },
    { name: "logps", access: "read_write" },
  ],
  params: [
    ["rows", "u32"],
    ["step", "u32"],
    ["width", "u32"],
    ["greedy", "u32"],
    ["inverse", "f32"], // 1/T
    ["topK", "u32"],
    ["topP", "f32"],
    ["cut", "f32"], // T·log(minP): how far below the largest a logit may be
    ["seed0", "u32"],
    ["seed1", "u32"],
    ["eos0", "u32"],
    ["eos1", "u32"],
    ["eos2", "u32"],
    ["eos3", "u32"],
    ["pad", "u32"],
  ],
  fixed: ["V"],
  wgsl: sampleWgsl,
  workgroups: (p) => grid(p.rows, 1),
  cpu: [{ tasks: (p) => p.rows, run: sampleTwin }],
};

/** A task is a row. Weights e^((l − max)/T) in scratch; most ids lose the race before their log is taken. */
function sampleTwin({ b, p, f, wasm, scratch, f32 }: CpuContext, lo: number, hi: number): void {
  const { V } = f;
  const weights = f32.subarray(scratch / 4, scratch / 4 + V);

  const threefry = (c0: number, c1: number): [number, number] => {
    const keys = [p.seed0, p.seed1, 0x1bd11bda ^ p.seed0 ^ p.seed1];
    const turns = [[13, 15, 26, 6], [17, 29, 16, 24]];
    let x0 = (c0 + keys[0]) | 0, x1 = (c1 + keys[1]) | 0;
    for (let group = 0; group < 5; group++) {
      for (const turn of turns[group % 2]) {
        x0 = (x0 + x1) | 0;
        x1 = ((x1 << turn) | (x1 >>> (32 - turn))) ^ x0;
      }
      x0 = (x0 + keys[(group + 1) % 3]) | 0;
      x1 = (x1 + keys[(group + 2) % 3] + group + 1) | 0;
    }
    return [x0, x1];
  };

  /** weights = e^((l − top)·inverse); returns their sum. */
  const weigh = (row: number, top: number, inverse: number): number => {
    f32.copyWithin(scratch / 4, row / 4, row / 4 + V);
    if (inverse !== 1) wasm.scaleInPlace(scratch, V, inverse);
    return wasm.expSubSum(scratch, V, Math.fround(top * Math.fround(inverse)));
  };

  /** The k-th largest, by quickselect (Hoare 1961); reorders x. */
  const largest = (x: Float32Array, k: number): number => {
    let from = 0, to = x.length - 1;
    while (from < to) {
      const pivot = x[(from + to) >> 1];
      let i = from, j = to;
      while (i <= j) {
        while (x[i] > pivot) i++;
        while (x[j] < pivot) j--;
        if (i > j) break;
        const swap = x[i];
        x[i++] = x[j];
        x[j--] = swap;
      }
      if (k - 1 <= j) to = j;
      else if (k - 1 >= i) from = i;
      else break;
    }
    return x[k - 1];
  };

  /** The smallest logit that top-k, top-p and min-p keep. */
  const threshold = (logits: Float32Array, top: number, sum: number): number => {
    let least = -Infinity, total = sum;
    if (p.topK > 0) {
      least = largest(logits.slice(), p.topK);
      total = 0;
      for (let i = 0; i < V; i++) if (logits[i] >= least) total += weights[i];
    }
    if (p.topP < 1) {
      // V tokens lighter than `light` weigh less than what top-p leaves out: the nucleus is among the others.
      const goal = p.topP * total, light = 0.999 * (total - goal) / V;
      const all = new Float32Array(V);
      let n = 0;
      for (let i = 0; i < V; i++) {
        if (weights[i] >= light && logits[i] >= least) all[n++] = logits[i];
      }
      const heavy = all.subarray(0, n).sort();
      let mass = 0;
      for (let i = n - 1; i >= 0 && mass < goal; i--) {
        least = heavy[i];
        mass += Math.exp((least - top) * p.inverse);
      }
    }
    return Math.max(least, Math.fround(top + Math.fround(p.cut)));
  };

  /** arg max weight / E over logits ≥ least; E ≥ u, so that most ids need no logarithm. */
  const race = (logits: Float32Array, least: number, d0: number, d1: number): number => {
    let best = 0, id = 0;
    for (let i = 0; i < V; i++) {
      let x = (Math.imul(i, 0x9e3779b1) + d0) | 0;
      x = Math.imul(x ^ (x >>> 16), 0x7feb352d) ^ d1;
      x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
      const u = (((x ^ (x >>> 16)) >>> 0) + 0.5) * 2 ** -32;
      if (weights[i] > best * u && logits[i] >= least) {
        const score = weights[i] / -Math.log1p(-u);
        if (score > best) {
          best = score;
          id = i;
        }
      }
    }
    return id;
  };

  for (let row = lo; row < hi; row++) {
    const to = row * p.width + p.step;
    if (b.done[row] !== 0) {
      b.ids[to] = p.pad;
      b.logps[to] = 0;
      continue;
    }
    const logits = b.logits.subarray(row * V, (row + 1) * V), at = logits.byteOffset;
    const top = wasm.rowMax(at, V);
    f32.copyWithin(scratch / 4, at / 4, at / 4 + V);
    wasm.scaleInPlace(scratch, V, -1);
    if (!Number.isFinite(top) || !Number.isFinite(wasm.rowMax(scratch, V))) {
      b.ids[to] = p.pad;
      b.logps[to] = 0;
      b.done[row] = 2;
      continue;
    }
    const sum = weigh(at, top, 1);
    let id = 0;
    if (p.greedy === 1) id = Math.max(0, logits.indexOf(top));
    else {
      const total = p.inverse === 1 ? sum : weigh(at, top, p.inverse);
      const [d0, d1] = threefry(b.streams[row], p.step);
      id = race(logits, threshold(logits, top, total), d0, d1);
    }
    b.ids[to] = id;
    b.logps[to] = logits[id] - top - Math.log(sum);
    b.tokens[row] = id;
    b.lengths[row]++;
    if (id === p.eos0 || id === p.eos1 || id === p.eos2 || id === p.eos3) b.done[row] = 1;
  }
}

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
