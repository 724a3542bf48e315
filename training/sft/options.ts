// Everything that defines a run of supervised fine-tuning, and what stands in for what nobody said.
import { keyOf } from "../../core/mod.ts";
import { type Cadence, cadence } from "../../scheduler/cadence.ts";
import type { RunMoment } from "../checkpoint.ts";
import type { DriveableOptions } from "../driver.ts";
import type { EvaluationNumbers } from "../evaluator.ts";
import { type MemberOptions, requireWhole } from "../learner_start.ts";
import { epochSteps, type SequenceSource } from "../sources/completions.ts";

/** Weights and moments of an `SftRun` on the host, and what it has read. */
export interface SftRunState {
  /**
   * By name: "params", "m" and "v" of an adapter; "weights NAME", "m NAME" and "v NAME" of each tensor where all
   * weights learn.
   */
  readonly arrays: ReadonlyMap<string, Float32Array>;
  /** Tokens that steps were trained on, prompts among them. */
  readonly tokens: number;
}

/**
 * State of an `SftRun` on the host: with the same options it continues bit for bit on the same kind of device.
 *
 * @typeParam E Numbers of its evaluations.
 */
export interface SftCheckpoint<E extends EvaluationNumbers = EvaluationNumbers>
  extends RunMoment<E>, SftRunState {}

/**
 * Everything that defines a run of supervised fine-tuning: a source of sequences, a schedule, sinks.
 *
 * @typeParam E Numbers of its evaluations.
 */
export interface SftRunOptions<E extends EvaluationNumbers = EvaluationNumbers>
  extends
    Omit<MemberOptions, "members" | "rank" | "alpha" | "seed">,
    Partial<Pick<MemberOptions, "rank" | "alpha" | "seed">>,
    DriveableOptions<E, SftCheckpoint> {
  /** Where sequences come from: `completions`. */
  readonly source: SequenceSource;
  /**
   * Whether a copy of all weights learns, in f32, and no adapter: then what an adapter is told (`rank`, `alpha`,
   * `rsLora`, `targetModules`, `startFrom`, `microTokens`, `gradientCheckpointing`) says nothing. Default false.
   */
  readonly allWeights?: boolean;
  /** Updates; default what `epochs` says. */
  readonly steps?: number;
  /** Times through the source, where there is no `steps`; default 1. */
  readonly epochs?: number;
  /** Tokens of a batch that go through the model at once, whole sequences; default all. It decides how sums round. */
  readonly microTokens?: number;
}

/** Options with nothing left open. */
export interface SettledSftOptions<E extends EvaluationNumbers = EvaluationNumbers>
  extends
    Omit<SftRunOptions<E>, "rank" | "alpha" | "seed" | "steps" | "epochs">,
    Pick<MemberOptions, "rank" | "alpha" | "seed"> {
  /** One phase, as long as the run. */
  readonly cadence: Cadence;
}

/**
 * Options with the defaults in them: an adapter of rank 8 at alpha 16, seed 0, one epoch.
 *
 * @throws {RangeError} If the run has no length.
 */
export function settleSft<E extends EvaluationNumbers>(
  { steps, epochs = 1, ...options }: SftRunOptions<E>,
): SettledSftOptions<E> {
  const { rank = 8, alpha = 16, seed = 0, source } = options;
  requireWhole("epochs", epochs);
  const all = steps ?? epochSteps(source, epochs, keyOf(seed));
  return { ...options, rank, alpha, seed, cadence: cadence({ steps: all, phases: 1 }) };
}
