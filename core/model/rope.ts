// Rotary frequencies and their tables: plain, and stretched to longer texts as "linear", "dynamic" and "llama3" do it.
// Su et al. 2021, arXiv 2104.09864. Angles are rounded to f32 as transformers rounds them: a checkpoint has learnt those.
import { isObject, show } from "../io/mistakes.ts";
import { type ConfigFields, positive } from "./fields.ts";

/** How the frequencies are stretched beyond the positions of pretraining. */
export type RopeScaling =
  /** Every frequency divided by `factor`. */
  | { readonly type: "linear"; readonly factor: number }
  /** NTK-aware: texts longer than `original` raise the base. */
  | { readonly type: "dynamic"; readonly factor: number; readonly original: number }
  /** Llama 3.1: low frequencies divided by `factor`, high ones kept, a ramp between. */
  | {
    readonly type: "llama3";
    readonly factor: number;
    readonly lowFreqFactor: number;
    readonly highFreqFactor: number;
    readonly original: number;
  };

/** One rotary embedding. */
export interface RopeConfig {
  /** Base θ: frequency i is θ^(−2i/dim). */
  readonly theta: number;
  /** Features of a head that turn; even. */
  readonly dim: number;
  /** Absent: as pretrained. */
  readonly scaling?: RopeScaling;
}

const TYPES = ["default", "linear", "dynamic", "llama3"];

/**
 * Reads the rope fields of a config.json, old (`rope_theta`, `rope_scaling`) or new (`rope_parameters`).
 *
 * @param fields The file.
 * @param options `headDim`; `theta` and `partial` for absent fields; `maxPositions` of the model; `key` where
 * `rope_parameters` has one entry a layer type.
 * @throws {TypeError} If the rope type is not supported, or a number is missing.
 */
export function readRope(
  fields: ConfigFields,
  { headDim, theta, maxPositions, partial = 1, key }: {
    headDim: number;
    theta: number;
    maxPositions: number;
    partial?: number;
    key?: string;
  },
): RopeConfig {
  const { name, json } = fields;
  const old = fields.object("rope_scaling"), all = fields.object("rope_parameters");
  const keyed = key === undefined ? undefined : all?.[key];
  const rope = isObject(keyed) ? keyed : all ?? old ?? {};
  const where = all !== undefined ? "rope_parameters" : "rope_scaling";
  const type = rope.rope_type ?? rope.type ?? "default";
  if (!TYPES.includes(type as string)) {
    throw new TypeError(
      `Cannot read ${name}: ${where} type is ${show(type)}, expected one of ${TYPES.join(", ")}`,
    );
  }
  const share = positive(
    name,
    "partial_rotary_factor",
    rope.partial_rotary_factor ?? json.partial_rotary_factor ?? partial,
  );
  const dim = Math.trunc(headDim * share);
  if (dim < 2 || dim % 2 !== 0 || dim > headDim) {
    throw new RangeError(
      `Cannot read ${name}: ${dim} of head_dim ${headDim} features turn, expected an even number (rotary pairs)`,
    );
  }
  const base = positive(name, "rope_theta", rope.rope_theta ?? json.rope_theta ?? theta);
  if (type === "default") return { theta: base, dim };
  const number = (field: string, fallback?: unknown) =>
    positive(name, `${where} ${field}`, rope[field] ?? fallback);
  const factor = number("factor");
  if (type === "linear") return { theta: base, dim, scaling: { type, factor } };
  if (type === "dynamic") {
    return { theta: base, dim, scaling: { type, factor, original: maxPositions } };
  }
  const original = number("original_max_position_embeddings", maxPositions);
  const lowFreqFactor = number("low_freq_factor"), highFreqFactor = number("high_freq_factor");
  if (highFreqFactor <= lowFreqFactor) {
    throw new RangeError(
      `Cannot read ${name}: ${where} high_freq_factor is ${highFreqFactor}, expected more than low_freq_factor ${lowFreqFactor}`,
    );
  }
  return {
    theta: base,
    dim,
    scaling: { type: "llama3", factor, lowFreqFactor, highFreqFactor, original },
  };
}

/** The config.json field that {@linkcode readRope} reads back; nothing for a plain rope. */
export function ropeScalingJson({ scaling }: RopeConfig): Record<string, unknown> | null {
  if (scaling === undefined) return null;
  const { type, factor } = scaling;
  if (type !== "llama3") return { rope_type: type, factor };
  return {
    rope_type: type,
    factor,
    low_freq_factor: scaling.lowFreqFactor,
    high_freq_factor: scaling.highFreqFactor,
    original_max_position_embeddings: scaling.original,
  };
}

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
 * @param length Tokens of the longest text in use; only "dynamic" looks at it.
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
  if (scaling?.type === "linear") return plain.map((f) => f / scaling.factor);
  if (scaling?.type !== "llama3") return plain;
  const { factor, lowFreqFactor, highFreqFactor, original } = scaling;
  return plain.map((f) => {
    const wavelength = 2 * Math.PI / f;
    if (wavelength < original / highFreqFactor) return f;
    if (wavelength > original / lowFreqFactor) return f / factor;
    const kept = (original / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return (1 - kept) * f / factor + kept * f;
  });
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
  for (let position = 0; position < positions; position++) {
    const row = position * rope.dim;
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * frequencies[i]);
      table[row + i] = Math.cos(angle);
      table[row + half + i] = Math.sin(angle);
    }
  }
  return table;
}
