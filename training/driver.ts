// What a run does when it is driven: phases, steps, evaluations, stops and checkpoints, in their order.
import type { Device } from "../backend/mod.ts";
import type { MetricRow, Tokenizer } from "../core/mod.ts";
import type { Cadence } from "../scheduler/cadence.ts";
import type { RunMoment } from "./checkpoint.ts";
import type { Course } from "./course.ts";
import type { EvaluationNumbers, Evaluator } from "./evaluator.ts";
import type { CheckpointEvent, EvaluationEvent, RunEvent, StepEvent } from "./events.ts";
import { PhaseSums, timingRow } from "./phase_sums.ts";
import { RunState } from "./run_state.ts";
import { Sinks } from "./sinks/all.ts";
import type { Sink } from "./sinks/sink.ts";
import type { Stop } from "./stops.ts";

/**
 * What every run may be given, whatever it teaches.
 *
 * @typeParam E Numbers of its evaluations.
 * @typeParam Checkpoint What its sinks keep.
 */
export interface DriveableOptions<E extends EvaluationNumbers, Checkpoint> {
  /** Text to ids and back. */
  readonly tokenizer: Tokenizer;
  /** How good the policy is; default nobody asks. */
  readonly evaluator?: Evaluator<E>;
  /** What may end the run early, looked at after every step. */
  readonly stops?: readonly Stop<E>[];
  /** Where rows and states go. */
  readonly sinks?: readonly Sink<Checkpoint>[];
  /** Steps between checkpoints within a phase; default none: phases begin and end with one. */
  readonly checkpointEvery?: number;
}

/** A run's parts, and the one way to drive them. */
export class Driver<E extends EvaluationNumbers, State extends object> {
  /** Where the run is. */
  readonly state: RunState<E>;
  readonly #sinks: Sinks<RunMoment & State>;
  #sums = new PhaseSums();
  #newest: MetricRow = {};
  #isDriven = false;

  constructor(
    readonly device: Device,
    readonly options: DriveableOptions<E, RunMoment & State> & { readonly cadence: Cadence },
    readonly course: Course<State>,
    moment: RunMoment<E> | undefined,
  ) {
    this.state = new RunState(options.cadence, moment);
    this.#sinks = new Sinks(options.sinks ?? []);
  }

  /** The state on the host. */
  async capture(): Promise<RunMoment<E> & State> {
    return this.state.moment(await this.course.capture());
  }

  /** Goes on from where the run is, to its end. */
  async *events(signal: AbortSignal | undefined): AsyncGenerator<RunEvent<E>, void, void> {
    if (this.#isDriven) {
      throw new ReferenceError(
        "Cannot drive the run: somebody does already, expected one at a time",
      );
    }
    this.#isDriven = true;
    const state = this.state;
    try {
      if (this.options.evaluator && state.step === 0 && state.evaluations.length === 0) {
        yield await this.#evaluate(this.options.evaluator, 0, signal);
        yield await this.#save();
      }
      while (!state.done || state.isOpen) {
        if (!state.isOpen) {
          if (signal?.aborted) await this.#save();
          signal?.throwIfAborted();
          if (this.course.isDue(state.step)) yield* this.#beginPhase(signal);
          yield await this.#train();
        }
        yield* this.#endStep(signal);
      }
      const { step: steps, stopped } = state;
      const end = { steps, ...(stopped === undefined ? {} : { stopped }) };
      await this.#sinks.finish(end);
      yield { kind: "done", ...end };
    } finally {
      this.#isDriven = false;
    }
  }

  async *#beginPhase(signal: AbortSignal | undefined): AsyncGenerator<RunEvent<E>, void, void> {
    const { phase, step, cadence } = this.state;
    yield { kind: "phase", phase, span: cadence.span(phase) };
    this.#sums = new PhaseSums();
    const begun = await this.course.begin({ phase, step }, this.#sinks, signal);
    for (const event of begun) {
      if (event.kind === "pairs") this.#sums.takePairs(event);
      yield event;
    }
    if (begun.length > 0) yield await this.#save();
  }

  async #train(): Promise<StepEvent> {
    const { step, phase } = this.state;
    const begin = performance.now();
    const { row, ...taught } = await this.course.train(step, phase);
    this.#newest = taught.metrics;
    this.state.takeStep();
    const seconds = (performance.now() - begin) / 1000;
    const event: StepEvent = { kind: "step", step, phase, ...taught, seconds };
    this.#sums.takeStep(event);
    await this.#sinks.append("metrics", row);
    return event;
  }

  async *#endStep(signal: AbortSignal | undefined): AsyncGenerator<RunEvent<E>, void, void> {
    const { evaluator, cadence, stops = [], checkpointEvery = Infinity } = this.options;
    const state = this.state;
    const { step } = state;
    const phase = cadence.phaseOf(step - 1);
    const isLast = step === cadence.span(phase)[1];
    const isMeasured = state.evaluations.at(-1)?.step === step;
    if (evaluator && !isMeasured && (evaluator.isDue?.(step, cadence) ?? isLast)) {
      yield await this.#evaluate(evaluator, phase + 1, signal);
    }
    const soFar = { step, evaluations: state.evaluations, metrics: this.#newest };
    state.stopped ??= stops.map((stop) => stop(soFar)).find((reason) => reason !== undefined);
    state.isOpen = false;
    if (isLast || state.stopped !== undefined) {
      const event = this.#sums.end(phase, step);
      await this.#sinks.append("timing", timingRow(event));
      yield event;
      yield await this.#save();
    } else if (step % checkpointEvery === 0) {
      yield await this.#save();
    }
  }

  async #evaluate(
    evaluator: Evaluator<E>,
    phase: number,
    signal: AbortSignal | undefined,
  ): Promise<EvaluationEvent<E>> {
    const { device, course, options: { tokenizer, cadence: { steps } } } = this;
    const { step } = this.state;
    const begin = performance.now();
    using measured = course.measured(step);
    const { model, policy } = measured;
    const { numbers, row, answers } = await evaluator.evaluate({
      ...{ device, model, tokenizer, policy, step, steps, signal },
    });
    const evaluation = { phase, step, numbers };
    this.state.evaluations = [...this.state.evaluations, evaluation];
    if (row !== undefined) {
      await this.#sinks.append("metrics", { ...course.place(step, phase), ...row });
    }
    if (answers !== undefined) await this.#sinks.append("answers", { phase, step, ...answers });
    return { kind: "evaluation", ...evaluation, seconds: (performance.now() - begin) / 1000 };
  }

  async #save(): Promise<CheckpointEvent> {
    await this.#sinks.checkpoint(() => this.capture());
    return { kind: "checkpoint", step: this.state.step };
  }
}
