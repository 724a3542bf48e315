// What an alignment run is given, what it reports, and what a checkpoint of it holds.
import type {
  AdamwOptions,
  Annotator,
  HostTrainState,
  Llama,
  MetricRow,
  SamplingOptions,
  Schedule,
  Tokenizer,
} from "../core/mod.ts";
import type { PreferenceLoss } from "../losses/mod.ts";
import type { Cadence } from "./cadence.ts";
import type { PairRecord } from "./pairs.ts";
import type { ReferenceMode } from "./reference.ts";

/** Everything that defines a run. */
export interface AlignmentOptions {
  /** The frozen base; owned by the caller. */
  readonly model: Llama;
  /** Text to ids and back. */
  readonly tokenizer: Tokenizer;
  /** Who says which answer wins. */
  readonly annotator: Annotator;
  /** Any loss of the contract. */
  readonly loss: PreferenceLoss;
  /** What the loss holds the learner to. */
  readonly reference: ReferenceMode;
  /** When the snapshot is refreshed. */
  readonly cadence: Cadence;
  /** Prompt texts; each epoch visits them in a new random order. */
  readonly prompts: readonly string[];
  /** Prompts a step. */
  readonly pairsPerStep: number;
  /** K. */
  readonly members: number;
  /** r of each member. */
  readonly rank: number;
  /** scale = alpha / rank. */
  readonly alpha: number;
  /** How the behaviour policy draws tokens. */
  readonly sampling: SamplingOptions;
  /** Most tokens of an answer. */
  readonly maxNew: number;
  /** AdamW's constants. */
  readonly adamw?: AdamwOptions;
  /** Base learning rate. */
  readonly learningRate: number;
  /** Decay of the rate over the run. */
  readonly schedule: Schedule;
  /** Steps of linear warm-up. */
  readonly warmup?: number;
  /** A user's number. */
  readonly seed: number;
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
