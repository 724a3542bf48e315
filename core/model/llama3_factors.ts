// Llama 3's rope scaling from the factors that llama.cpp's converter writes out, one a frequency. A GGUF file has no
// other trace of it, and a config.json has its four numbers instead.

/** The numbers of a config.json's `rope_scaling` of type llama3. */
export interface Llama3Scaling {
  /** Low frequencies are divided by it. */
  readonly factor: number;
  /** Frequencies that turn fewer times within `original` are low. */
  readonly lowFreqFactor: number;
  /** Frequencies that turn more often within `original` are kept. */
  readonly highFreqFactor: number;
  /** Positions of the first pretraining. */
  readonly original: number;
}

const CLOSE = 1e-4; // relative; factors and frequencies are f32, and a factor moves at most 8 times its frequency's error

/**
 * The scaling whose factors these are, or nothing. Only ratios can be told from factors, so the low factor is 1.
 *
 * @param factors [dim / 2]: by what each frequency is divided.
 * @param theta Base θ: frequency i is θ^(−2i/dim).
 */
export function llama3Scaling(
  factors: ArrayLike<number>,
  theta: number,
): Llama3Scaling | undefined {
  const half = factors.length;
  const list = Array.from(factors);
  if (half === 0 || list.some((f) => !(f >= 1 && Number.isFinite(f)))) return undefined;
  const turns = list.map((_, i) => theta ** (-i / half) / (2 * Math.PI)); // a position
  const factor = rounded(Math.max(...list));
  const usual = { factor, lowFreqFactor: 1, highFreqFactor: 4, original: 8192 };
  if (agrees(usual, list, turns)) return usual;
  // On the ramp 1/f = (1 − s)/F + s, and s is a straight line in the turns: s = (turns·original − 1)/(high − 1).
  const ramp = list.flatMap((f, i) => f > 1 && f < factor * (1 - CLOSE) ? [i] : []);
  if (ramp.length < 2 || factor === 1) return undefined;
  const kept = (i: number) => (1 / list[i] - 1 / factor) / (1 - 1 / factor);
  const [first, last] = [ramp[0], ramp[ramp.length - 1]];
  const slope = (kept(first) - kept(last)) / (turns[first] - turns[last]);
  const width = 1 / (slope * turns[first] - kept(first)); // high − 1
  const fitted = {
    factor,
    lowFreqFactor: 1,
    highFreqFactor: rounded(1 + width),
    original: Math.round(slope * width),
  };
  return agrees(fitted, list, turns) ? fitted : undefined;
}

function agrees(
  { factor, lowFreqFactor, highFreqFactor, original }: Llama3Scaling,
  factors: readonly number[],
  turns: readonly number[],
): boolean {
  if (!(original > 0 && highFreqFactor > lowFreqFactor)) return false;
  return factors.every((f, i) => {
    const within = turns[i] * original;
    const s = Math.min(
      1,
      Math.max(0, (within - lowFreqFactor) / (highFreqFactor - lowFreqFactor)),
    );
    return Math.abs(1 / ((1 - s) / factor + s) / f - 1) < CLOSE;
  });
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
