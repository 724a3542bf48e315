// What learns, and how.
import type {
  AdamwOptions,
  AdapterLayout,
  Model,
  ModuleTarget,
  Scheduled,
} from "../../core/mod.ts";
import type { ReferenceMode } from "../../scheduler/reference.ts";
import type { PairObjective } from "./objective.ts";

/** What learns, and how. */
export interface LearnerOptions {
  /** The frozen base; owned by the caller. */
  readonly model: Model;
  /** What is optimised at each step, from 0. */
  readonly objective: (step: number) => PairObjective;
  /** What the loss holds the learner to. */
  readonly reference: ReferenceMode;
  /** K. */
  readonly members: number;
  /** r of each member. */
  readonly rank: number;
  /** scale = alpha / rank, or alpha / √rank with `rsLora`. */
  readonly alpha: number;
  /** Rank-stabilised scale; default false. */
  readonly rsLora?: boolean;
  /** Linear layers to adapt; default all. `selectModules` has the rules. */
  readonly targetModules?: ModuleTarget;
  /** Members that are not fresh: then `rank`, `alpha`, `rsLora` and `targetModules` are the layout's. */
  readonly startFrom?: {
    /** Where their matrices are; its modules are the model's. */
    readonly layout: AdapterLayout;
    /** [members · layout.size] f32; borrowed. */
    readonly params: Float32Array;
  };
  /** AdamW's constants. */
  readonly adamw?: AdamwOptions;
  /** Keep only each block's input for the backward pass: a third more work, far less memory. Default false. */
  readonly gradientCheckpointing?: boolean;
  /** Pairs of a step that go through the model at once; all by default. The split decides how sums round. */
  readonly microBatch?: number;
  /** Of all steps, or of each from 0, as `scheduleByName` gives it. */
  readonly learningRate: Scheduled;
  /** A user's number: everything random follows from it. */
  readonly seed: number;
}
