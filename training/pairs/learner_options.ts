// What learns from pairs, and how.
import type { ReferenceMode } from "../../scheduler/reference.ts";
import type { MemberOptions } from "../learner_start.ts";
import type { PairObjective } from "./objective.ts";

/** What learns from pairs, and how. */
export interface LearnerOptions extends MemberOptions {
  /** What is optimised at each step, from 0. */
  readonly objective: (step: number) => PairObjective;
  /** What the loss holds the learner to. */
  readonly reference: ReferenceMode;
  /** Pairs of a step that go through the model at once; all by default. The split decides how sums round. */
  readonly microBatch?: number;
}
