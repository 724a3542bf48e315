// The CPU twin of sampling, and what both implementations take: the constants of the random numbers among it.
import type { CpuContext, Numbers, Signature } from "../kernel.ts";

/** Threefry-2x32's parity and turns (Salmon et al. 2011), and the multipliers of the hash of a token's id. */
export const RANDOM = {
  PARITY: 0x1bd11bda,
  ...{ TURN0: 13, TURN1: 15, TURN2: 26, TURN3: 6 },
  ...{ TURN4: 17, TURN5: 29, TURN6: 16, TURN7: 24 },
  GROUPS: 5, // of four turns, each with its own keys
  ...{ GOLDEN: 0x9e3779b1, MIX0: 0x7feb352d, MIX1: 0x846ca68b },
} as const satisfies Numbers;

/** What stands in `done` of a row that goes on no more; 0 while it does. */
export const DONE = {
  /** It has an end token. */
  ENDED: 1,
  /** Its logits are NaN or infinite. */
  BROKEN: 2,
} as const;

/** Logits [S, V], streams u32 [S]; tokens, lengths, done u32 [S], ids u32 and logps [S, width] are written. */
export const SAMPLE = {
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
  constants: { ...RANDOM, ...DONE },
} as const satisfies Signature;

/** A task is a row. Weights e^((l − max)/T) in scratch; most ids lose the race before their log is taken. */
export function sampleTwin(
  { b, p, f, wasm, scratch, f32 }: CpuContext<typeof SAMPLE>,
  lo: number,
  hi: number,
): void {
  const { V } = f;
  const weights = f32.subarray(scratch / 4, scratch / 4 + V);

  const threefry = (c0: number, c1: number): [number, number] => {
    const keys = [p.seed0, p.seed1, f.PARITY ^ p.seed0 ^ p.seed1];
    const turns = [[f.TURN0, f.TURN1, f.TURN2, f.TURN3], [f.TURN4, f.TURN5, f.TURN6, f.TURN7]];
    let x0 = (c0 + keys[0]) | 0, x1 = (c1 + keys[1]) | 0;
    for (let group = 0; group < f.GROUPS; group++) {
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
    const { GOLDEN, MIX0, MIX1 } = f;
    let best = 0, id = 0;
    for (let i = 0; i < V; i++) {
      let x = (Math.imul(i, GOLDEN) + d0) | 0;
      x = Math.imul(x ^ (x >>> 16), MIX0) ^ d1;
      x = Math.imul(x ^ (x >>> 15), MIX1);
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
      b.done[row] = f.BROKEN;
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
    if (id === p.eos0 || id === p.eos1 || id === p.eos2 || id === p.eos3) b.done[row] = f.ENDED;
  }
}
