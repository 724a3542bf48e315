// How good a policy is, as a run asks it: at its start and at the ends of phases.
import type { Device } from "../backend/mod.ts";
import type { Model, Tokenizer } from "../core/mod.ts";
import type { Cadence } from "../scheduler/cadence.ts";
import type { Policy } from "../scheduler/reference.ts";

/** What stops look at; an evaluation may have much more. */
export interface EvaluationNumbers {
  /** How often the policy's answers win, in [0, 1]. */
  readonly winRate?: { readonly value: number };
  /** To the policy that the run started from, nats a sequence. */
  readonly kl?: number;
}

/** A policy that is to be evaluated; everything is borrowed. */
export interface EvaluationRequest {
  /** Where the model is. */
  readonly device: Device;
  /** The frozen base. */
  readonly model: Model;
  /** Text to ids and back. */
  readonly tokenizer: Tokenizer;
  /** The exact mean of the members as they are; no adapter where fresh members have learnt nothing. */
  readonly policy: Policy;
  /** Steps done. */
  readonly step: number;
  /** Steps of the run. */
  readonly steps: number;
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/**
 * What an evaluation came to.
 *
 * @typeParam E Its numbers.
 */
export interface Evaluated<E extends EvaluationNumbers = EvaluationNumbers> {
  /** Kept by the run, and given to stops. */
  readonly numbers: E;
  /** What the stream `metrics` gets of it, besides step and phase; default nothing. */
  readonly row?: Readonly<Record<string, number | null>>;
  /** What the stream `answers` gets of it, besides step and phase; default nothing. */
  readonly answers?: object;
}

/**
 * An evaluation and when it was.
 *
 * @typeParam E Its numbers.
 */
export interface EvaluationAt<E extends EvaluationNumbers = EvaluationNumbers> {
  /** Phases that were begun; 0 is the start. */
  readonly phase: number;
  /** Steps that were done. */
  readonly step: number;
  /** The numbers. */
  readonly numbers: E;
}

/**
 * Measures a policy.
 *
 * @typeParam E Its numbers.
 */
export interface Evaluator<E extends EvaluationNumbers = EvaluationNumbers> {
  /** Whether the policy after so many steps is evaluated, from 1; default at the end of each phase. */
  isDue?(steps: number, cadence: Cadence): boolean;
  /** Measures it. */
  evaluate(request: EvaluationRequest): Promise<Evaluated<E>>;
}
