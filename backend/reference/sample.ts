// f64 truth of sampling: which tokens are kept, the random numbers, and the choice by exponential race.

/** What decides the kept set. */
export interface Truncation {
  /** T > 0. */
  readonly temperature: number;
  /** 0 for off. */
  readonly topK: number;
  /** 1 for off. */
  readonly topP: number;
  /** 0 for off. */
  readonly minP: number;
}

/** Threefry-2x32 with 20 rounds (Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405). */
export function threefry2x32(
  key: readonly [number, number],
  counter: readonly [number, number],
): [number, number] {
  const keys = [key[0], key[1], 0x1bd11bda ^ key[0] ^ key[1]];
  const turns = [[13, 15, 26, 6], [17, 29, 16, 24]];
  let x0 = (counter[0] + key[0]) | 0, x1 = (counter[1] + key[1]) | 0;
  for (let group = 0; group < 5; group++) {
    for (const turn of turns[group % 2]) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << turn) | (x1 >>> (32 - turn))) ^ x0;
    }
    x0 = (x0 + keys[(group + 1) % 3]) | 0;
    x1 = (x1 + keys[(group + 2) % 3] + group + 1) | 0;
  }
  return [x0 >>> 0, x1 >>> 0];
}

/** The uniform number in (0, 1) of a vocabulary id under one 64-bit draw. */
export function uniformOf(draw: readonly [number, number], id: number): number {
  let x = (Math.imul(id, 0x9e3779b1) + draw[0]) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d) ^ draw[1];
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  x ^= x >>> 16;
  return ((x >>> 0) + 0.5) / 2 ** 32;
}

/** Probabilities at a temperature. */
export function softmax(logits: ArrayLike<number>, temperature: number): Float64Array<ArrayBuffer> {
  let max = -Infinity, sum = 0;
  for (let i = 0; i < logits.length; i++) max = Math.max(max, logits[i]);
  const p = Float64Array.from(logits, (l) => Math.exp((l - max) / temperature));
  for (const x of p) sum += x;
  return p.map((x) => x / sum);
}

/** Which ids stay: temperature, then top-k, top-p, min-p, each on what is left; ties at a threshold stay. */
export function keptSet(logits: ArrayLike<number>, o: Truncation): boolean[] {
  const order = Array.from(logits, (_, i) => i).sort((a, b) => logits[b] - logits[a]);
  const p = softmax(logits, o.temperature);
  let least = -Infinity;
  if (o.topK > 0) least = logits[order[Math.min(o.topK, order.length) - 1]];
  if (o.topP < 1) {
    const left = order.filter((i) => logits[i] >= least);
    const goal = o.topP * left.reduce((sum, i) => sum + p[i], 0);
    let mass = 0;
    for (const i of left) {
      mass += p[i];
      least = logits[i];
      if (mass >= goal) break;
    }
  }
  return Array.from(logits, (l, i) => l >= least && p[i] >= o.minP * p[order[0]]);
}

/** arg max over the kept ids of p_id / E_id, E_id = −log(1 − uniform): id is drawn with its probability. */
export function choose(
  logits: ArrayLike<number>,
  draw: readonly [number, number],
  o: Truncation,
): number {
  const p = softmax(logits, o.temperature), kept = keptSet(logits, o);
  let best = -1, id = 0;
  for (let i = 0; i < p.length; i++) {
    const score = p[i] / -Math.log1p(-uniformOf(draw, i));
    if (kept[i] && score > best) [best, id] = [score, i];
  }
  return id;
}
