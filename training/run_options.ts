// Everything that defines a run, and what stands in for what nobody said.
import type { PreferenceLoss } from "../losses/mod.ts";
import { type Cadence, cadence } from "../scheduler/cadence.ts";
import type { EvaluationNumbers } from "./evaluator.ts";
import type { LearnerOptions } from "./pairs/learner_options.ts";
import { requireWhole } from "./learner_start.ts";
import { learnLoss, type PairObjective } from "./pairs/objective.ts";
import { newPairsOf, type PairSource } from "./sources/source.ts";
import type { DriveableOptions } from "./driver.ts";
import type { RunCheckpoint } from "./checkpoint.ts";

/**
 * Everything that defines a run: a source of pairs, an objective, a schedule, sinks.
 *
 * @typeParam E Numbers of its evaluations.
 */
export interface RunOptions<E extends EvaluationNumbers = EvaluationNumbers>
  extends
    Omit<LearnerOptions, "objective" | "reference" | "members" | "rank" | "alpha" | "seed">,
    Partial<Pick<LearnerOptions, "reference" | "members" | "rank" | "alpha" | "seed">>,
    DriveableOptions<E, RunCheckpoint> {
  /** Where pairs come from: `online`, `offline`, `replayed`, `buffered`. */
  readonly source: PairSource;
  /**
   * Any loss of the contract, or the one of each step from 0: a schedule of β is `(step) => dpo({ beta: beta(step) })`.
   * WebGPU compiles a kernel for each different loss. One of `loss` and `objective` is given.
   */
  readonly loss?: PreferenceLoss | ((step: number) => PreferenceLoss);
  /** What is optimised where that is no pairwise loss. */
  readonly objective?: PairObjective | ((step: number) => PairObjective);
  /** When the snapshot is refreshed, and how long the run is; default what `epochs` says, as one phase. */
  readonly cadence?: Cadence;
  /** Times through the source, where there is no `cadence`; default 1. */
  readonly epochs?: number;
  /** Pairs a step; default 8. */
  readonly pairsPerStep?: number;
}

/** Options with nothing left open. */
export interface SettledOptions<E extends EvaluationNumbers = EvaluationNumbers>
  extends LearnerOptions, Omit<RunOptions<E>, keyof LearnerOptions | "loss" | "epochs"> {
  /** When the snapshot is refreshed. */
  readonly cadence: Cadence;
  /** Pairs a step. */
  readonly pairsPerStep: number;
}

/**
 * Options with the defaults in them: one member of rank 8 at alpha 16, seed 0, 8 pairs a step.
 *
 * @throws {RangeError} If a size is not a whole number of at least 1, or the run has no length.
 * @throws {TypeError} If not exactly one of `loss` and `objective` is given.
 */
export function settle<E extends EvaluationNumbers>(options: RunOptions<E>): SettledOptions<E> {
  const { loss, objective, epochs, source, ...others } = options;
  const { pairsPerStep = 8, members = 1, rank = 8, alpha = 16, seed = 0 } = options;
  requireWhole("members", members);
  requireWhole("pairsPerStep", pairsPerStep);
  return {
    ...{ ...others, source, pairsPerStep, members, rank, alpha, seed },
    reference: options.reference ?? source.reference ?? { kind: "behaviour" },
    objective: objectiveOf(loss, objective),
    cadence: options.cadence ??
      cadence({ steps: epochSteps(source, pairsPerStep, epochs), phases: 1 }),
  };
}

function objectiveOf(
  loss: RunOptions["loss"],
  objective: RunOptions["objective"],
): (step: number) => PairObjective {
  if ((loss === undefined) === (objective === undefined)) {
    throw new TypeError(
      `Cannot plan the run: loss and objective are ${
        loss === undefined ? "missing" : "both given"
      }, expected one of them`,
    );
  }
  if (objective !== undefined) return typeof objective === "function" ? objective : () => objective;
  if (typeof loss === "function") return (step) => learnLoss(loss(step));
  const steady = learnLoss(loss!);
  return () => steady;
}

/** Steps of so many times through a source; the last may begin it once more. */
function epochSteps(
  source: PairSource,
  pairsPerStep: number,
  epochs = 1,
): number {
  const { entries } = source;
  if (entries === undefined) {
    throw new RangeError(
      "Cannot plan the run: cadence is missing and the source has no epochs, expected a cadence",
    );
  }
  if (!(Number.isFinite(epochs) && epochs > 0)) {
    throw new RangeError(`Cannot plan the run: epochs is ${epochs}, expected a number above 0`);
  }
  return Math.ceil(epochs * entries / newPairsOf(source, pairsPerStep));
}
