// The rotary embedding of a config.json: how far heads turn, and how that is stretched to texts longer than those of
// pretraining. Su et al. 2021, arXiv 2104.09864.
import { isObject, show } from "../base/quote.ts";
import { type ConfigFields, positive } from "./fields.ts";
import { Mistake } from "../base/mistake.ts";

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
  }
  /** YaRN, Peng et al. 2023, arXiv 2309.00071: features that turn less than `betaSlow` times in `original` positions
   * are divided by `factor`, those that turn more than `betaFast` times kept, a ramp over the features between. */
  | {
    readonly type: "yarn";
    readonly factor: number;
    readonly betaFast: number;
    readonly betaSlow: number;
    /** Whether the ramp begins and ends at whole features. */
    readonly truncate: boolean;
    /** Factor of cosines and sines. */
    readonly attentionFactor: number;
    readonly original: number;
  }
  /** LongRoPE, Ding et al. 2024, arXiv 2402.13753: a divisor for every frequency, one list for texts up to `original`
   * positions and one for longer ones. */
  | {
    readonly type: "longrope";
    readonly shortFactor: readonly number[];
    readonly longFactor: readonly number[];
    /** Factor of cosines and sines. */
    readonly attentionFactor: number;
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

const TYPES = ["default", "linear", "dynamic", "llama3", "yarn", "longrope"];

/**
 * Reads the rope fields of a config.json, old (`rope_theta`, `rope_scaling`) or new (`rope_parameters`).
 *
 * @param fields The file.
 * @param options `headDim`; `theta` and `partial` for absent fields; `maxPositions` of the model; `key` where
 * `rope_parameters` has one entry a layer type.
 * @throws {Mistake} If the rope type is not supported, or a number is missing.
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
  const said = rope.rope_type ?? rope.type ?? "default";
  // Phi-3's first files call longrope "su" or "yarn"
  const type = said === "su" || said === "yarn" && Array.isArray(rope.long_factor)
    ? "longrope"
    : said;
  if (!TYPES.includes(type as string)) {
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `${where} type is ${show(type)}`,
      expected: `one of ${TYPES.join(", ")}`,
    });
  }
  const share = positive(
    name,
    "partial_rotary_factor",
    rope.partial_rotary_factor ?? json.partial_rotary_factor ?? partial,
  );
  const dim = Math.trunc(headDim * share);
  if (dim < 2 || dim % 2 !== 0 || dim > headDim) {
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `${dim} of head_dim ${headDim} features turn`,
      expected: "an even number (rotary pairs)",
    });
  }
  const base = positive(name, "rope_theta", rope.rope_theta ?? json.rope_theta ?? theta);
  if (type === "default") return { theta: base, dim };
  const number = (field: string, fallback?: unknown) =>
    positive(name, `${where} ${field}`, rope[field] ?? fallback);
  if (type === "linear") return { theta: base, dim, scaling: { type, factor: number("factor") } };
  if (type === "dynamic") {
    return {
      theta: base,
      dim,
      scaling: { type, factor: number("factor"), original: maxPositions },
    };
  }
  const outer = keyed === undefined ? json.original_max_position_embeddings : undefined;
  const original = outer === undefined || outer === null
    ? number("original_max_position_embeddings", maxPositions)
    : positive(name, "original_max_position_embeddings", outer);
  const scaling = type === "llama3"
    ? { type, factor: number("factor"), ...llama3(name, where, number), original } as const
    : type === "yarn"
    ? { ...yarn(rope, number, maxPositions / original), original }
    : {
      ...longRope(name, where, rope, { number, dim, ratio: maxPositions / original, original }),
      original,
    };
  return { theta: base, dim, scaling };
}

type Numbers = (field: string, fallback?: unknown) => number;

function llama3(name: string, where: string, number: Numbers) {
  const lowFreqFactor = number("low_freq_factor"), highFreqFactor = number("high_freq_factor");
  if (highFreqFactor <= lowFreqFactor) {
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `${where} high_freq_factor is ${highFreqFactor}`,
      expected: `more than low_freq_factor ${lowFreqFactor}`,
    });
  }
  return { lowFreqFactor, highFreqFactor };
}

function yarn(rope: Readonly<Record<string, unknown>>, number: Numbers, ratio: number) {
  const factor = number("factor", ratio);
  const scale = (times: number) => factor <= 1 ? 1 : 0.1 * times * Math.log(factor) + 1;
  const { mscale, mscale_all_dim: all } = rope;
  const inferred = mscale && all
    ? scale(number("mscale")) / scale(number("mscale_all_dim"))
    : scale(1);
  return {
    type: "yarn" as const,
    factor,
    betaFast: number("beta_fast", 32),
    betaSlow: number("beta_slow", 1),
    truncate: rope.truncate !== false,
    attentionFactor: number("attention_factor", inferred),
  };
}

function longRope(
  name: string,
  where: string,
  rope: Readonly<Record<string, unknown>>,
  { number, dim, ratio, original }: {
    number: Numbers;
    dim: number;
    ratio: number;
    original: number;
  },
) {
  const list = (field: string): readonly number[] => {
    const value = rope[field];
    const isList = Array.isArray(value) && value.length === dim / 2 &&
      value.every((one) => typeof one === "number" && one > 0 && Number.isFinite(one));
    if (isList) return value;
    throw new Mistake("model", {
      verb: "read",
      thing: name,
      found: `${where} ${field} is ${show(value)}`,
      expected: `a number above 0 for each of ${dim / 2} pairs`,
    });
  };
  const factor = number("factor", ratio);
  const inferred = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  return {
    type: "longrope" as const,
    shortFactor: list("short_factor"),
    longFactor: list("long_factor"),
    attentionFactor: number("attention_factor", inferred),
  };
}

/**
 * Positions that a model can be loaded for: those of its config, or more where its rope is stretched as it is loaded.
 *
 * @example
 * ```ts
 * import { longestContext } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const scaling = { type: "dynamic", factor: 4, original: 2048 } as const;
 * assertEquals(longestContext({ theta: 10000, dim: 64, scaling }, 2048), 8192);
 * ```
 *
 * @param maxPositions The config's `max_position_embeddings`.
 */
export function longestContext(rope: RopeConfig | undefined, maxPositions: number): number {
  const { scaling } = rope ?? {};
  if (scaling?.type === "dynamic") return maxPositions * scaling.factor;
  if (scaling?.type === "yarn") return Math.max(maxPositions, scaling.original * scaling.factor);
  return maxPositions;
}

const MOST_UNASKED = 8192;

/**
 * Positions that a model is loaded for where nobody says: at most 8,192, and of "longrope" those of pretraining, because
 * one list of divisors serves all texts and the one for longer texts is another.
 *
 * @example
 * ```ts
 * import { defaultContext } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals([defaultContext(undefined, 2048), defaultContext(undefined, 131072)], [2048, 8192]);
 * ```
 *
 * @param maxPositions The config's `max_position_embeddings`.
 */
export function defaultContext(rope: RopeConfig | undefined, maxPositions: number): number {
  const { scaling } = rope ?? {};
  const trained = scaling?.type === "longrope" ? scaling.original : maxPositions;
  return Math.min(maxPositions, trained, MOST_UNASKED);
}

/** The config.json field that {@linkcode readRope} reads back; nothing for a plain rope. */
export function ropeScalingJson({ scaling }: RopeConfig): Record<string, unknown> | null {
  if (scaling === undefined) return null;
  switch (scaling.type) {
    case "linear":
    case "dynamic":
      return { rope_type: scaling.type, factor: scaling.factor };
    case "llama3":
      return {
        rope_type: scaling.type,
        factor: scaling.factor,
        low_freq_factor: scaling.lowFreqFactor,
        high_freq_factor: scaling.highFreqFactor,
        original_max_position_embeddings: scaling.original,
      };
    case "yarn":
      return {
        rope_type: scaling.type,
        factor: scaling.factor,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        truncate: scaling.truncate,
        attention_factor: scaling.attentionFactor,
        original_max_position_embeddings: scaling.original,
      };
    case "longrope":
      return {
        rope_type: scaling.type,
        short_factor: scaling.shortFactor,
        long_factor: scaling.longFactor,
        attention_factor: scaling.attentionFactor,
        original_max_position_embeddings: scaling.original,
      };
  }
}
