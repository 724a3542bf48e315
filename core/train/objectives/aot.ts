// Alignment via optimal transport: margins are compared in sorted order over the batch, not pair by pair.
// Axes: B pairs of the whole batch; log-probs and their references are [2B], chosen first.
import { numberOption } from "../../../losses/check.ts";
import { sigmoid, softplus } from "../../../losses/mod.ts";
import type { PreferenceBatch } from "../../batch/preference_batch.ts";
import { vocabularyHead } from "../head.ts";
import { summarisePairs } from "../metrics.ts";
import type { Objective } from "../objective.ts";
import {
  type HostLosses,
  lossesOnHost,
  SEQUENCE_METRICS,
  type SequenceMetric,
  sequenceSlopes,
} from "../sequence_slopes.ts";
import { splitPairs } from "./pairwise.ts";

/** Options of {@linkcode aot} and {@linkcode aotUnpaired}. */
export interface AotOptions {
  /** Inverse temperature β from 1e-6 to 1e6, unitless. */
  readonly beta: number;
  /** ε in [0, 0.5]: the share of labels taken to be flipped. Default 0. */
  readonly labelSmoothing?: number;
}

/** Places in ascending order of their values; equals in the order they have. */
function ascending(values: readonly number[]): number[] {
  return values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
}

/**
 * Losses and slopes of a whole batch, f64: with δ_j the j-th smallest of one list less the j-th smallest of another and
 * z = β·δ_j, L_j = −(1 − ε)·log σ(z) − ε·log σ(−z). A term is told of the pair whose number is the first list's.
 *
 * @param logps [2B] nats, chosen first.
 * @param reference [2B] nats.
 * @param isPaired Whether the lists are the policy's margins and the reference's; else the log-ratios of the chosen and
 * those of the rejected.
 * @returns `losses` [B] and `slopes` [2B] = ∂(mean of L)/∂logps.
 */
export function aotLosses(
  logps: ArrayLike<number>,
  reference: ArrayLike<number>,
  { beta, labelSmoothing = 0 }: AotOptions,
  isPaired: boolean,
): HostLosses {
  const B = logps.length / 2;
  const each = (of: (w: number, l: number) => number) =>
    Array.from({ length: B }, (_, i) => of(i, B + i));
  const high = each((w, l) => logps[w] - (isPaired ? logps[l] : reference[w]));
  const low = each((w, l) => (isPaired ? reference[w] : logps[l]) - reference[l]);
  const byHigh = ascending(high), byLow = ascending(low);
  const losses = Array<number>(B), slopes = Array<number>(2 * B);
  byHigh.forEach((chosen, j) => {
    const z = beta * (high[chosen] - low[byLow[j]]);
    losses[chosen] = (1 - labelSmoothing) * softplus(-z) + labelSmoothing * softplus(z);
    const slope = beta * (labelSmoothing * sigmoid(z) - (1 - labelSmoothing) * sigmoid(-z)) / B;
    slopes[chosen] = slope;
    slopes[B + (isPaired ? chosen : byLow[j])] = -slope;
  });
  return { losses, slopes };
}

function objective(
  name: string,
  options: AotOptions,
  isPaired: boolean,
): Objective<PreferenceBatch, SequenceMetric> {
  const beta = numberOption(name, options, "beta", 1e-6, 1e6);
  if (options.labelSmoothing !== undefined) numberOption(name, options, "labelSmoothing", 0, 0.5);
  return {
    name,
    metrics: SEQUENCE_METRICS,
    head: vocabularyHead,
    split: splitPairs,
    survey: ({ packed }, parts) => parts > 1 ? packed : undefined,
    slopes: (arena, pass) =>
      sequenceSlopes(arena, pass, async (logps) => {
        const { part, batch, surveyed = await arena.read(logps) } = pass;
        return lossesOnHost(arena, pass, surveyed, (own) => {
          const { losses, slopes } = aotLosses(own, batch.reference, options, isPaired);
          return {
            losses: part.examples.map((pair) => losses[pair]),
            slopes: part.sequences.map((sequence) => slopes[sequence]),
          };
        });
      }),
    summarise: (metrics, batch) =>
      summarisePairs(metrics, batch, { needsReference: true, rewardScale: beta }),
  };
}

/**
 * Alignment via optimal transport on pairs: with the policy's margins lw − ll and the reference's rw − rl, each sorted
 * over the batch, and δ_j the difference of the j-th of both, L = −(1/B) Σ log σ(β·δ_j): the margins as a distribution
 * are to be larger than the reference's. TRL's `aot`.
 *
 * On the host, between two submits; in micro-batches (`microBatch` counts pairs) the batch is scored first, for its
 * order. At a kink, where two margins are equal, the slopes are those of the order the pairs have.
 *
 * @example
 * ```ts
 * import { aot } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals(aot({ beta: 0.1 }).name, "aot");
 * ```
 *
 * @throws {RangeError} If an option is out of its range.
 * @see Melnyk et al. 2024, https://arxiv.org/abs/2406.05882
 */
export function aot(options: AotOptions): Objective<PreferenceBatch, SequenceMetric> {
  return objective("aot", options, true);
}

/**
 * The same where answers need not belong together: δ_j is the j-th smallest log-ratio of the chosen less the j-th
 * smallest of the rejected. TRL's `aot_unpaired`.
 *
 * @example
 * ```ts
 * import { aotUnpaired } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals(aotUnpaired({ beta: 0.1 }).name, "aot-unpaired");
 * ```
 *
 * @throws {RangeError} If an option is out of its range.
 * @see Melnyk et al. 2024, https://arxiv.org/abs/2406.05882
 */
export function aotUnpaired(options: AotOptions): Objective<PreferenceBatch, SequenceMetric> {
  return objective("aot-unpaired", options, false);
}
