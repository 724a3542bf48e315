// Where the pairs of a run come from, phase by phase.
import type { Device } from "../../backend/mod.ts";
import type { Adapter, Key, Model, Tokenizer } from "../../core/mod.ts";
import type { Cadence } from "../../scheduler/cadence.ts";
import type { PairRecord } from "../../scheduler/pairs.ts";
import type { Policy, ReferenceMode } from "../../scheduler/reference.ts";

/** A phase that is to begin, and what the run has for it; everything is borrowed. */
export interface PhaseRequest {
  /** Where the model is. */
  readonly device: Device;
  /** The frozen base. */
  readonly model: Model;
  /** Text to ids and back. */
  readonly tokenizer: Tokenizer;
  /** From 0. */
  readonly phase: number;
  /** When phases begin and end. */
  readonly cadence: Cadence;
  /** Pairs that a step is to have. */
  readonly pairsPerStep: number;
  /** Of the run. */
  readonly key: Key;
  /** The snapshot of this phase. */
  readonly behaviour: Policy;
  /** What the loss holds the learner to in this phase. */
  readonly reference: Policy;
  /** How that reference comes about. */
  readonly mode: ReferenceMode["kind"];
  /** The members as they are. */
  readonly members: Adapter;
  /** Pairs of the last phases, oldest first, as many as the source {@linkcode PairSource.keeps}. */
  readonly earlier: readonly (readonly PairRecord[])[];
  /** Ends the work. */
  readonly signal?: AbortSignal;
}

/** The pairs of a phase. */
export interface PhasePairs {
  /** With reference log-probs; ties and failures included. */
  readonly records: readonly PairRecord[];
  /** Tokens that were sampled for them. */
  readonly generated: number;
}

/**
 * Pairs for a run: `online`, `offline`, `replayed`, `buffered`, or one of your own. A source is a value without state:
 * what it needs of earlier phases it is given, so that a run that goes on asks it for the same.
 *
 * @example A source that leaves out what the annotator could not tell apart
 * ```ts
 * import { offline, type PairSource } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const decided = (source: PairSource): PairSource => ({
 *   ...source,
 *   async phase(request) {
 *     const { records, generated } = await source.phase(request);
 *     return { records: records.filter(({ verdict }) => verdict.outcome !== "tie"), generated };
 *   },
 * });
 * const pair = { prompt: [1, 3], chosen: [4, 5], rejected: [6] };
 * assertEquals(decided(offline([pair])).entries, 1);
 * ```
 */
export interface PairSource {
  /**
   * Pairs of the steps of a phase, at least one.
   *
   * @throws What the annotator or the device throws, and the signal's reason; the phase is then still due.
   */
  phase(request: PhaseRequest): Promise<PhasePairs>;
  /** Prompts or pairs of an epoch; absent where nothing comes round again. */
  readonly entries?: number;
  /** How many pairs of a step are new entries; absent for all. */
  newPairs?(pairsPerStep: number): number;
  /** Phases that it wants to see again; default 0. */
  readonly keeps?: number;
  /** What the loss holds the learner to where nobody says it; default the behaviour policy. */
  readonly reference?: ReferenceMode;
}

/** How many pairs of a step are new entries of its source. */
export function newPairsOf(source: Pick<PairSource, "newPairs">, pairsPerStep: number): number {
  return source.newPairs?.(pairsPerStep) ?? pairsPerStep;
}
