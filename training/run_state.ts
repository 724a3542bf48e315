// Where a run is: what every run has, whatever it teaches.
import type { Cadence } from "../scheduler/cadence.ts";
import type { RunMoment } from "./checkpoint.ts";
import type { EvaluationAt, EvaluationNumbers } from "./evaluator.ts";

/** Plain data, and what follows from it. */
export class RunState<E extends EvaluationNumbers> {
  /** Steps done. */
  step = 0;
  /** The one at the start first. */
  evaluations: readonly EvaluationAt<E>[] = [];
  /** Whether what follows the newest step is still to come. */
  isOpen = false;
  /** Why it ended early. */
  stopped: string | undefined;

  constructor(readonly cadence: Cadence, moment?: RunMoment<E>) {
    if (moment === undefined) return;
    this.step = moment.step;
    this.evaluations = moment.evaluations ?? [];
    this.isOpen = moment.isOpen ?? false;
    this.stopped = moment.stopped;
  }

  /** Whether no step is left to do. */
  get done(): boolean {
    return this.step >= this.cadence.steps || this.stopped !== undefined;
  }

  /** Of the next step. */
  get phase(): number {
    return this.cadence.phaseOf(this.step);
  }

  /** A step is done; what follows it is to come. */
  takeStep(): void {
    this.step++;
    this.isOpen = true;
  }

  /** What a checkpoint says of it, with what else is there at that moment. */
  moment<State extends object>(state: State): RunMoment<E> & State {
    const { step, evaluations, isOpen, stopped } = this;
    return {
      step,
      ...state,
      ...(evaluations.length > 0 ? { evaluations } : {}),
      ...(isOpen ? { isOpen } : {}),
      ...(stopped === undefined ? {} : { stopped }),
    };
  }
}
