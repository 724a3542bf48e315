// What a run teaches, as the driver sees it: pairs phase by phase, or sequences batch by batch.
import type { MetricRow, Model } from "../core/mod.ts";
import type { Policy } from "../scheduler/reference.ts";
import type { PairsEvent, WarningEvent } from "./events.ts";
import type { RowSink } from "./sinks/sink.ts";

/** What a step came to. */
export interface Taught {
  /** Pairs or sequences that trained; 0 where there was none, and then nothing changed. */
  readonly examples: number;
  /** TRL's names; empty where nothing trained. */
  readonly metrics: MetricRow;
  /** Times through the source so far; absent where it has no epochs. */
  readonly epoch?: number;
  /** What the stream `metrics` gets of it. */
  readonly row: object;
}

/** The policy as it is, to be measured. Disposing it frees what was copied for that. */
export interface MeasuredPolicy extends Disposable {
  /** The weights that its adapter lies on. */
  readonly model: Model;
  /** Its name and adapter. */
  readonly policy: Policy;
}

/**
 * What learns and what it learns from. `Driver` says when.
 *
 * @typeParam State What a checkpoint has of it.
 */
export interface Course<State extends object> extends Disposable {
  /** Whether a phase begins with the next step. */
  isDue(step: number): boolean;
  /**
   * Begins a phase: what it trains on is there afterwards, and its rows are in `rows`.
   *
   * @returns What happened; a course that collected nothing has nothing to tell, and to keep.
   */
  begin(
    at: { readonly phase: number; readonly step: number },
    rows: RowSink,
    signal?: AbortSignal,
  ): Promise<readonly (PairsEvent | WarningEvent)[]>;
  /** One step. What throws has changed nothing. */
  train(step: number, phase: number): Promise<Taught>;
  /** The policy after so many steps. */
  measured(step: number): MeasuredPolicy;
  /** Which moment a row of `metrics` is of. */
  place(step: number, phase: number): object;
  /** Copies the state to the host. */
  capture(): Promise<State>;
}
