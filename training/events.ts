// What happens in a run, in the order in which it happens.
import type { MetricRow } from "../core/mod.ts";
import type { PairCounts, PairRecord } from "../scheduler/pairs.ts";
import type { EvaluationAt, EvaluationNumbers } from "./evaluator.ts";
import type { RunEnd } from "./sinks/sink.ts";

/** A phase is about to collect its pairs. */
export interface PhaseEvent {
  /** Which event this is. */
  readonly kind: "phase";
  /** From 0. */
  readonly phase: number;
  /** Its first step and the step after its last. */
  readonly span: readonly [from: number, to: number];
}

/** A phase has its pairs. */
export interface PairsEvent extends PairCounts {
  /** Which event this is. */
  readonly kind: "pairs";
  /** From 0. */
  readonly phase: number;
  /** All of the phase. */
  readonly records: readonly PairRecord[];
  /** Tokens that were sampled for them. */
  readonly generated: number;
  /** That it took. */
  readonly seconds: number;
}

/** A step is done. */
export interface StepEvent {
  /** Which event this is. */
  readonly kind: "step";
  /** From 0. */
  readonly step: number;
  /** From 0. */
  readonly phase: number;
  /** Pairs that trained, or sequences of `SftRun`; 0 where all were ties or failed, and then nothing changed. */
  readonly examples: number;
  /** TRL's names; empty where nothing trained. */
  readonly metrics: MetricRow;
  /** Times through the source so far; absent where it has no epochs. */
  readonly epoch?: number;
  /** That it took. */
  readonly seconds: number;
}

/**
 * The policy was measured.
 *
 * @typeParam E The numbers.
 */
export interface EvaluationEvent<E extends EvaluationNumbers = EvaluationNumbers>
  extends EvaluationAt<E> {
  /** Which event this is. */
  readonly kind: "evaluation";
  /** That it took. */
  readonly seconds: number;
}

/** A phase is over, its evaluation included. */
export interface PhaseEndEvent {
  /** Which event this is. */
  readonly kind: "phaseEnd";
  /** From 0. */
  readonly phase: number;
  /** Steps done. */
  readonly step: number;
  /** Since the phase began, or since the run went on within it. */
  readonly seconds: number;
  /** Of them until its pairs were there. */
  readonly collectSeconds: number;
  /** Tokens that were sampled for its pairs. */
  readonly generated: number;
  /** Tokens that were trained on. */
  readonly trained: number;
  /** Both by all seconds. */
  readonly tokensPerSecond: number;
  /** Mean implicit reward margin over its steps; absent where none trained. */
  readonly margin?: number;
  /** Mean share of pairs on the right side; absent where no step trained. */
  readonly accuracy?: number;
}

/** A moment at which the run may be left; sinks have its state. */
export interface CheckpointEvent {
  /** Which event this is. */
  readonly kind: "checkpoint";
  /** Steps done. */
  readonly step: number;
}

/** Something that a person should know, and that ends nothing. */
export interface WarningEvent {
  /** Which event this is. */
  readonly kind: "warning";
  /** One line. */
  readonly message: string;
}

/** The run is over. */
export interface DoneEvent extends RunEnd {
  /** Which event this is. */
  readonly kind: "done";
}

/**
 * What a run says of itself.
 *
 * @typeParam E Numbers of its evaluations.
 */
export type RunEvent<E extends EvaluationNumbers = EvaluationNumbers> =
  | PhaseEvent
  | PairsEvent
  | StepEvent
  | EvaluationEvent<E>
  | PhaseEndEvent
  | CheckpointEvent
  | WarningEvent
  | DoneEvent;

/**
 * Functions that hear of events, by kind; the run awaits each.
 *
 * @typeParam E Numbers of its evaluations.
 */
export type RunListeners<E extends EvaluationNumbers = EvaluationNumbers> = {
  readonly [Kind in RunEvent<E>["kind"]]?: (
    event: Extract<RunEvent<E>, { readonly kind: Kind }>,
  ) => void | Promise<void>;
};
