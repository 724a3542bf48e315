// An objective of core on the pairs of a run: what is packed of them, and one step.
import type { Arena } from "../../backend/mod.ts";
import {
  type AdapterRun,
  type MetricRow,
  type Objective,
  pairwise,
  preferenceBatch,
  type TokenPair,
  type TrainState,
  trainStep,
  type TrainStepOptions,
} from "../../core/mod.ts";
import type { PreferenceLoss } from "../../losses/mod.ts";
import type { BatchIds } from "./phase_records.ts";

/** The pairs of a step, and how it is done. */
export interface PairStep extends TrainStepOptions {
  /** Pairs with a winner, at least one. */
  readonly pairs: readonly TokenPair[];
  /** Whose they are. */
  readonly ids: BatchIds;
}

/** What a step leaves. */
export interface PairStepResult {
  /** The next state, in the step's arena. */
  readonly state: TrainState;
  /** Commits, and reads the step's numbers: TRL's names, and per member whether one is not finite. */
  read(): Promise<{ readonly row: MetricRow; readonly nonFinite: ArrayLike<number> }>;
}

/** What a run optimises: `learnPairs(…)` makes one of any objective. */
export interface PairObjective {
  /** Name in logs and messages. */
  readonly name: string;
  /** Records a step. */
  step(
    arena: Arena,
    run: AdapterRun,
    state: TrainState,
    step: PairStep,
  ): Promise<PairStepResult>;
}

/**
 * Any objective on the pairs that a run collects.
 *
 * @example
 * ```ts
 * import { pairwise, preferenceBatch } from "@leash/bpo/core";
 * import { ipo } from "@leash/bpo/losses";
 * import { learnPairs } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * assertEquals(learnPairs(pairwise(ipo({ tau: 0.1, reduction: "mean" })), preferenceBatch).name, "ipo");
 * ```
 *
 * @param objective What is optimised.
 * @param batchOf What of the pairs of a step it takes; `preferenceBatch` for pairwise losses.
 */
export function learnPairs<Batch, Metric extends string, Out>(
  objective: Objective<Batch, Metric, Out>,
  batchOf: (pairs: readonly TokenPair[], ids: BatchIds) => Batch,
): PairObjective {
  return {
    name: objective.name,
    async step(arena, run, state, { pairs, ids, ...options }) {
      const batch = batchOf(pairs, ids);
      const next = await trainStep(arena, { ...run, objective }, state, batch, options);
      return {
        state: next.state,
        async read() {
          const read = await arena.readAll(next.metrics);
          return { row: objective.summarise(read, batch), nonFinite: read.nonFinite };
        },
      };
    },
  };
}

/** A loss of the contract as what a run optimises. */
export function learnLoss(loss: PreferenceLoss): PairObjective {
  return learnPairs(pairwise(loss), preferenceBatch);
}
