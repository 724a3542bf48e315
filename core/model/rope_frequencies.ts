// Rotary frequencies and the tables of them. Angles are rounded to f32 as transformers rounds them: a checkpoint has
// learnt those.
import type { RopeConfig, RopeScaling } from "./rope.ts";

type Of<T extends RopeScaling["type"]> = Extract<RopeScaling, { readonly type: T }>;

/**
 * Angle a position, of each turning pair, rounded to f32.
 *
 * @example
 * ```ts
 * import { ropeFrequencies } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const scaling = { type: "linear", factor: 4 } as const;
 * assertEquals([...ropeFrequencies({ theta: 100, dim: 4, scaling }, 8)].map((f) => f.toFixed(4)), ["0.2500", "0.0250"]);
 * ```
 *
 * @param length Tokens of the longest text in use; "dynamic" and "longrope" look at it.
 * @returns [dim / 2] radians a position.
 */
export function ropeFrequencies(
  { theta, dim, scaling }: RopeConfig,
  length: number,
): Float32Array<ArrayBuffer> {
  const base = scaling?.type === "dynamic"
    ? theta *
      (scaling.factor * Math.max(length, scaling.original) / scaling.original -
          (scaling.factor - 1)) ** (dim / (dim - 2))
    : theta;
  const plain = Float32Array.from(
    { length: dim / 2 },
    (_, i) => 1 / Math.fround(base ** (2 * i / dim)),
  );
  switch (scaling?.type) {
    case "linear":
      return plain.map((f) => f / scaling.factor);
    case "llama3":
      return plain.map((f) => byWavelength(f, scaling));
    case "yarn": {
      const [low, high] = ramp(scaling, theta, dim);
      return plain.map((f, i) => {
        const stretched = Math.min(1, Math.max(0, (i - low) / (high - low)));
        return f / scaling.factor * stretched + f * (1 - stretched);
      });
    }
    case "longrope": {
      const factors = length > scaling.original ? scaling.longFactor : scaling.shortFactor;
      return plain.map((f, i) => f / factors[i]);
    }
    default:
      return plain;
  }
}

function byWavelength(f: number, scaling: Of<"llama3">): number {
  const { factor, lowFreqFactor, highFreqFactor, original } = scaling;
  const wavelength = 2 * Math.PI / f;
  if (wavelength < original / highFreqFactor) return f;
  if (wavelength > original / lowFreqFactor) return f / factor;
  const kept = (original / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
  return (1 - kept) * f / factor + kept * f;
}

/** The features between which YaRN goes from kept to stretched frequencies. */
function ramp(
  { betaFast, betaSlow, truncate, original }: Of<"yarn">,
  theta: number,
  dim: number,
): [low: number, high: number] {
  const feature = (turns: number) =>
    dim * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
  const [from, to] = [feature(betaFast), feature(betaSlow)];
  const low = Math.max(truncate ? Math.floor(from) : from, 0);
  const high = Math.min(truncate ? Math.ceil(to) : to, dim - 1);
  return [low, low === high ? high + 0.001 : high];
}

/**
 * Cosines and sines of positions 0 … positions − 1: what the rope kernel reads.
 *
 * @example
 * ```ts
 * import { rotaryTable } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals([...rotaryTable({ theta: 10000, dim: 2 }, 1)], [1, 0]); // position 0 is not turned
 * ```
 *
 * @param positions Rows of the table: tokens of the longest text in use.
 * @returns [positions, dim]: dim / 2 cosines, then their sines.
 */
export function rotaryTable(rope: RopeConfig, positions: number): Float32Array<ArrayBuffer> {
  const half = rope.dim / 2, table = new Float32Array(positions * rope.dim);
  const frequencies = ropeFrequencies(rope, positions);
  const { scaling } = rope;
  const factor = scaling !== undefined && "attentionFactor" in scaling
    ? scaling.attentionFactor
    : 1;
  for (let position = 0; position < positions; position++) {
    const row = position * rope.dim;
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * frequencies[i]);
      table[row + i] = factor * Math.cos(angle);
      table[row + half + i] = factor * Math.sin(angle);
    }
  }
  return table;
}
