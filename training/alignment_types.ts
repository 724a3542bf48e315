// What an alignment run is given, what it reports, and what a checkpoint of it holds.
import type {
  AdamwOptions,
  AdapterLayout,
  Annotator,
  HostTrainState,
  MetricRow,
  Model,
  ModuleTarget,
  SamplingOptions,
  Scheduled,
  Tokenizer,
} from "../core/mod.ts";
import type { PreferenceLoss } from "../losses/mod.ts";
import type { Cadence } from "../scheduler/cadence.ts";
import type { PairRecord } from "../scheduler/pairs.ts";
import type { Prompt } from "../scheduler/prompts.ts";
import type { ReferenceMode } from "../scheduler/reference.ts";

/** Everything that defines a run. */
export interface AlignmentOptions {
  /** The frozen base; owned by the caller. */
  readonly model: Model;
  /** Text to ids and back. */
  readonly tokenizer: Tokenizer;
  /** Who says which answer wins. */
  readonly annotator: Annotator;
  /**
   * Any loss of the contract, or the one of each step from 0: a schedule of β is `(step) => dpo({ beta: beta(step) })`.
   * WebGPU compiles a kernel for each different loss.
   */
  readonly loss: PreferenceLoss | ((step: number) => PreferenceLoss);
  /** What the loss holds the learner to. */
  readonly reference: ReferenceMode;
  /** When the snapshot is refreshed. */
  readonly cadence: Cadence;
  /** Prompts, text or ids; each epoch visits them in a new random order. */
  readonly prompts: readonly Prompt[];
  /** Prompts a step. */
  readonly pairsPerStep: number;
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
  /** How the behaviour policy draws tokens. */
  readonly sampling: ScheduledSampling;
  /** Most tokens of an answer. */
  readonly maxNew: number;
  /** AdamW's constants. */
  readonly adamw?: AdamwOptions;
  /** Keep only each block's input for the backward pass: a third more work, far less memory. Default false. */
  readonly gradientCheckpointing?: boolean;
  /** Pairs of a step that go through the model at once; all by default. The split decides how sums round. */
  readonly microBatch?: number;
  /** Of all steps, or of each from 0, as `scheduleByName` gives it. */
  readonly learningRate: Scheduled;
  /** A user's number. */
  readonly seed: number;
}

/** How the behaviour policy of a run draws tokens. */
export interface ScheduledSampling extends Omit<SamplingOptions, "temperature"> {
  /** Softmax temperature, one for each phase: what a schedule has at its first step. Default 1. */
  readonly temperature?: Scheduled;
}

/** State of a run on the host: with the same options it continues bit for bit on the same kind of device. */
export interface AlignmentCheckpoint {
  /** Steps done. */
  readonly step: number;
  /** Steps among them that changed the members: AdamW's bias correction counts these. */
  readonly updates: number;
  /** Members and moments. */
  readonly train: HostTrainState;
  /** The behaviour snapshot in force, or undefined before the first phase. */
  readonly snapshot?: { readonly id: string; readonly params: Float32Array };
  /** The averaged members, for the ema reference. */
  readonly ema?: Float32Array;
  /** Records of the phase in progress. */
  readonly records: readonly PairRecord[];
}

/** Numbers of one step. */
export interface StepReport {
  /** From 0. */
  readonly step: number;
  /** Its phase. */
  readonly phase: number;
  /** Pairs that trained; 0 where all were ties or failed, and then nothing changed. */
  readonly pairs: number;
  /** TRL's names; empty where no pair trained. */
  readonly metrics: MetricRow;
}
