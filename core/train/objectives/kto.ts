// Kahneman–Tversky optimisation: single completions that are wanted or not, held to an estimate of the batch's KL.
// Axes: K members, N completions of the whole batch, n of a part.
import { numberOption } from "../../../losses/check.ts";
import { sigmoid } from "../../../losses/mod.ts";
import { type Part, partsOf, pickSequences } from "../../batch/micro_batches.ts";
import {
  type PackedSequences,
  packSequences,
  sequenceOf,
  type TokenSequence,
} from "../../batch/packed_sequences.ts";
import { vocabularyHead } from "../head.ts";
import { type MetricRow, overMembers, skippedMembers, tokenMean } from "../metrics.ts";
import type { HostMetrics, Objective } from "../objective.ts";
import {
  type HostLosses,
  lossesOnHost,
  SEQUENCE_METRICS,
  type SequenceMetric,
  sequenceSlopes,
} from "../sequence_slopes.ts";

/** One labelled completion in tokens. */
export interface KtoRow {
  /** Prompt ids, BOS included. */
  readonly prompt: ArrayLike<number>;
  /** Completion ids. */
  readonly completion: ArrayLike<number>;
  /** Whether the completion is wanted. */
  readonly desirable: boolean;
  /** Reference log-prob of the completion, nats. */
  readonly reference: number;
  /** Reference log-prob of this row's sequence of `mismatched`, nats. */
  readonly mismatchedReference: number;
}

/** Labelled completions as a step takes them. */
export interface KtoBatch {
  /** N sequences. */
  readonly packed: PackedSequences;
  /** [N] whether each is wanted. */
  readonly desirable: readonly boolean[];
  /** [N] reference log-probs, nats. */
  readonly reference: Float32Array<ArrayBuffer>;
  /** N sequences, each prompt with another row's completion: scored for the estimate, never learnt. */
  readonly mismatched: PackedSequences;
  /** [N] their reference log-probs, nats. */
  readonly mismatchedReference: Float32Array<ArrayBuffer>;
}

/**
 * Each prompt with the completion of the row before it, the first with that of the last: what the estimate of the KL is
 * made of. The reference has to score these too.
 *
 * @example
 * ```ts
 * import { mismatched } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const rows = [{ prompt: [1, 5], completion: [6] }, { prompt: [1], completion: [7, 2] }];
 * assertEquals(mismatched(rows).map(({ ids }) => ids), [[1, 5, 7, 2], [1, 6]]);
 * ```
 */
export function mismatched(
  rows: readonly Pick<KtoRow, "prompt" | "completion">[],
): TokenSequence[] {
  return rows.map(({ prompt }, i) => sequenceOf(prompt, rows.at(i - 1)!.completion));
}

/**
 * Packs labelled completions for a step.
 *
 * @example
 * ```ts
 * import { ktoBatch } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const row = { prompt: [1, 5], reference: -3, mismatchedReference: -4 };
 * const batch = ktoBatch([
 *   { ...row, completion: [6, 2], desirable: true },
 *   { ...row, completion: [7], desirable: false },
 * ]);
 * assertEquals([...batch.mismatched.ids], [1, 5, 7, 1, 5, 6, 2]);
 * ```
 *
 * @throws {RangeError} If there are fewer than 2 rows, which no completion can be exchanged between, or a reference
 * log-prob is not finite in f32.
 */
export function ktoBatch(rows: readonly KtoRow[]): KtoBatch {
  if (rows.length < 2) {
    throw new RangeError(
      `Cannot build a batch: it has ${rows.length} completions, expected at least 2. The KL is estimated from each prompt with another's completion`,
    );
  }
  const batch = {
    packed: packSequences(rows.map(({ prompt, completion }) => sequenceOf(prompt, completion))),
    desirable: rows.map(({ desirable }) => desirable),
    reference: Float32Array.from(rows, ({ reference }) => reference),
    mismatched: packSequences(mismatched(rows)),
    mismatchedReference: Float32Array.from(rows, (row) => row.mismatchedReference),
  };
  checkReferences(batch);
  return batch;
}

function checkReferences({ reference, mismatchedReference }: KtoBatch): void {
  for (const [what, logps] of [["", reference], ["mismatched ", mismatchedReference]] as const) {
    const i = logps.findIndex((logp) => !Number.isFinite(logp));
    if (i >= 0) {
      throw new RangeError(
        `Cannot score the batch: the reference log-prob of the ${what}completion ${i} is ${
          logps[i]
        }, expected a finite number`,
      );
    }
  }
}

/** Options of {@linkcode kto}. */
export interface KtoOptions {
  /** Inverse temperature β from 1e-6 to 1e6, unitless; TRL's default is 0.1. */
  readonly beta: number;
  /** Weight of wanted completions from 0 to 1e6. Default 1; weights should make up for unequal counts. */
  readonly desirableWeight?: number;
  /** Weight of the others from 0 to 1e6. Default 1. */
  readonly undesirableWeight?: number;
}

/** The estimate of the KL, nats: the mean log-ratio of mismatched completions, at least 0; a constant to the gradient. */
export function ktoKl(logps: ArrayLike<number>, reference: ArrayLike<number>): number {
  const mean = Array.from(logps, (logp, i) => logp - reference[i]).reduce((a, b) => a + b, 0) /
    logps.length;
  return Number.isFinite(mean) ? Math.max(0, mean) : NaN;
}

/**
 * Losses and slopes of completions, f64: with r the log-ratio, L = w·(1 − σ(β·(r − kl))) of one that is wanted and
 * w·(1 − σ(β·(kl − r))) of another.
 *
 * @param logps [n] nats.
 * @param rows Their labels and reference log-probs [n], the estimate `kl`, and N, of which the loss is the mean.
 * @returns `losses` [n] and `slopes` [n] = ∂(ΣL/N)/∂logps.
 */
export function ktoLosses(
  logps: ArrayLike<number>,
  { desirable, reference, kl, N }: Pick<KtoBatch, "desirable"> & {
    readonly reference: ArrayLike<number>;
    readonly kl: number;
    readonly N: number;
  },
  { beta, desirableWeight = 1, undesirableWeight = 1 }: KtoOptions,
): HostLosses {
  const each = desirable.map((isWanted, i) => {
    const sign = isWanted ? 1 : -1, weight = isWanted ? desirableWeight : undesirableWeight;
    const z = sign * beta * (logps[i] - reference[i] - kl);
    const loss = weight * sigmoid(-z); // 1 − σ(z), without cancellation
    return { loss, slope: -sign * beta * loss * sigmoid(z) / N };
  });
  return { losses: each.map(({ loss }) => loss), slopes: each.map(({ slope }) => slope) };
}

/** What a step says on the device: of completions, and `kl` [K], the estimate. */
export type KtoMetric = SequenceMetric | "kl";

/**
 * Kahneman–Tversky optimisation as TRL's KTO trainer has it. The estimate of the KL is of the whole batch, whatever the
 * split (`microBatch` counts completions): its sequences are scored first, without gradients. Losses are computed on the
 * host, between two submits.
 *
 * @example
 * ```ts
 * import { kto, ktoBatch } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const row = { prompt: [1, 5], reference: -3, mismatchedReference: -4 };
 * const batch = ktoBatch([
 *   { ...row, completion: [6, 2], desirable: true },
 *   { ...row, completion: [7], desirable: false },
 * ]);
 * assertEquals(kto({ beta: 0.1 }).survey!(batch, 1), batch.mismatched);
 * ```
 *
 * @throws {RangeError} If an option is out of its range.
 * @see Ethayarajh et al. 2024, eq. 7, https://arxiv.org/abs/2402.01306
 */
export function kto(options: KtoOptions): Objective<KtoBatch, KtoMetric> {
  const beta = numberOption("kto", options, "beta", 1e-6, 1e6);
  for (const name of ["desirableWeight", "undesirableWeight"] as const) {
    if (options[name] !== undefined) numberOption("kto", options, name, 0, 1e6);
  }
  return {
    name: "kto",
    metrics: { ...SEQUENCE_METRICS, kl: "member" },
    head: vocabularyHead,
    split(batch, most) {
      checkReferences(batch);
      return partsOf(batch.desirable.length, most).map((places) => partOf(batch, places));
    },
    survey: (batch) => batch.mismatched,
    async slopes(arena, pass) {
      const { batch, part: { batch: { desirable, reference } }, examples: N, members } = pass;
      const kls = Array.from(
        { length: members },
        (_, k) => ktoKl(pass.surveyed!.subarray(k * N, (k + 1) * N), batch.mismatchedReference),
      );
      const own = await sequenceSlopes(
        arena,
        pass,
        async (logps) =>
          lossesOnHost(
            arena,
            pass,
            await arena.read(logps),
            (logps, k) => ktoLosses(logps, { desirable, reference, kl: kls[k], N }, options),
          ),
      );
      const kl = arena.upload([members], Float32Array.from(kls), "kl");
      return { ...own, metrics: { ...own.metrics, kl } };
    },
    summarise: (metrics, batch) => summarise(metrics, batch, beta),
  };
}

function partOf(batch: KtoBatch, places: readonly number[]): Part<KtoBatch> {
  const { packed, desirable, reference, mismatched, mismatchedReference } = batch;
  const part = places.length === desirable.length ? batch : {
    packed: pickSequences(packed, places),
    desirable: places.map((i) => desirable[i]),
    reference: Float32Array.from(places, (i) => reference[i]),
    mismatched: pickSequences(mismatched, places),
    mismatchedReference: Float32Array.from(places, (i) => mismatchedReference[i]),
  };
  return { batch: part, packed: part.packed, sequences: places, examples: places };
}

/** TRL's names; what a batch has no completions for is left out. */
function summarise(
  metrics: HostMetrics<KtoMetric>,
  { packed, desirable, reference }: KtoBatch,
  beta: number,
): MetricRow {
  const N = desirable.length, H = packed.targets.length;
  const places = (wanted: boolean) => desirable.flatMap((is, i) => is === wanted ? [i] : []);
  const groups = [["chosen", places(true)], ["rejected", places(false)]] as const;
  const rows = Array.from(metrics.normSquares, (squares, k): MetricRow => {
    const mean = (of: (i: number) => number, at: readonly number[]) =>
      at.reduce((sum, i) => sum + of(i), 0) / at.length;
    const all = desirable.map((_, i) => i), logp = (i: number) => metrics.logps[k * N + i];
    const row: MetricRow = { loss: mean((i) => metrics.losses[k * N + i], all), kl: metrics.kl[k] };
    for (const [name, at] of groups) {
      if (at.length === 0) continue;
      row[`rewards/${name}`] = beta * mean((i) => logp(i) - reference[i], at);
      row[`logps/${name}`] = mean(logp, at);
      row[`logits/${name}`] = tokenMean(metrics.meanLogits, packed, at, k * H);
    }
    if (groups.every(([, at]) => at.length > 0)) {
      row["rewards/margins"] = row["rewards/chosen"] - row["rewards/rejected"];
    }
    const entropy = tokenMean(metrics.entropy, packed, all, k * H);
    return { ...row, entropy, grad_norm: Math.sqrt(squares) };
  });
  return {
    ...overMembers(rows),
    beta,
    step_tokens: packed.ids.length,
    ...skippedMembers(metrics.nonFinite),
  };
}
