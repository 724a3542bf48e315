// What `Run` does when it is driven: phases, steps, evaluations, stops and checkpoints, in their order.
import type { Device } from "../backend/mod.ts";
import { type Key, keyOf, type MetricRow } from "../core/mod.ts";
import type { PairCounts } from "../scheduler/pairs.ts";
import type { RunCheckpoint } from "./checkpoint.ts";
import type { EvaluationNumbers, Evaluator } from "./evaluator.ts";
import type {
  CheckpointEvent,
  EvaluationEvent,
  RunEvent,
  StepEvent,
  WarningEvent,
} from "./events.ts";
import type { Learner } from "./learner.ts";
import { checkRecords } from "./phase_records.ts";
import { PhaseSums } from "./phase_sums.ts";
import { collectRow, stepRow, timingRow } from "./rows.ts";
import type { SettledOptions } from "./run_options.ts";
import { RunState } from "./run_state.ts";
import { Sinks } from "./sinks/all.ts";
import { newPairsOf } from "./sources/source.ts";

/** A run's parts, and the one way to drive them. */
export class Driver<E extends EvaluationNumbers> {
  /** Where the run is. */
  readonly state: RunState<E>;
  readonly #sinks: Sinks;
  readonly #key: Key;
  #sums = new PhaseSums();
  #newest: MetricRow = {};
  #isDriven = false;

  constructor(
    readonly device: Device,
    readonly options: SettledOptions<E>,
    readonly learner: Learner,
    checkpoint: RunCheckpoint<E> | undefined,
  ) {
    this.state = new RunState(options.cadence, checkpoint);
    this.#sinks = new Sinks(options.sinks ?? []);
    this.#key = keyOf(options.seed);
  }

  /** The state on the host. */
  async capture(): Promise<RunCheckpoint<E>> {
    return this.state.checkpoint(await this.learner.capture());
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
          if (state.phaseDue) yield* this.#beginPhase(signal);
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
    const { source, cadence, model, tokenizer, pairsPerStep, reference } = this.options;
    const { device, learner, state } = this;
    const { phase } = state;
    const span = cadence.span(phase);
    yield { kind: "phase", phase, span };
    this.#sums = new PhaseSums();
    const begin = performance.now();
    learner.refresh(state.step);
    const earlier = state.remembered(source.keeps ?? 0);
    const collected = await source.phase({
      ...{ device, model, tokenizer, phase, cadence, pairsPerStep, earlier, signal },
      ...{ key: this.#key, mode: reference.kind, members: learner.members() },
      ...{ behaviour: learner.behaviour, reference: learner.reference },
    });
    const { records, generated } = collected;
    checkRecords(records, phase, cadence);
    const counts = state.takePairs(collected, earlier);
    for (const record of records) await this.#sinks.append("pairs", record);
    await this.#sinks.append("metrics", collectRow(phase, span[0], records));
    const seconds = (performance.now() - begin) / 1000;
    const event = { kind: "pairs", phase, records, ...counts, generated, seconds } as const;
    this.#sums.takePairs(event);
    yield event;
    if (counts.ties + counts.failed === counts.pairs) yield undecided(phase, counts);
    yield await this.#save();
  }

  async #train(): Promise<StepEvent> {
    const { source, pairsPerStep } = this.options;
    const { step, phase } = this.state;
    const begin = performance.now();
    const records = this.state.records.filter((record) => record.step === step);
    const { pairs, metrics } = await this.learner.train(step, records);
    this.#newest = metrics;
    this.state.takeStep(metrics.step_tokens ?? 0);
    const seconds = (performance.now() - begin) / 1000;
    const event: StepEvent = { kind: "step", step, phase, pairs, metrics, seconds };
    this.#sums.takeStep(event);
    const epoch = source.entries && (step + 1) * newPairsOf(source, pairsPerStep) / source.entries;
    const row = stepRow(event, { epoch, records, tokens: this.state.counts.trained });
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
    const { device, options: { model, tokenizer, startFrom, cadence: { steps } } } = this;
    const { step } = this.state;
    const begin = performance.now();
    const isFresh = step === 0 && startFrom === undefined;
    using snapshot = isFresh ? undefined : this.learner.snapshotNow("evaluation");
    const policy = { id: snapshot?.id ?? "start", adapter: snapshot?.adapter() };
    const { numbers, row, answers } = await evaluator.evaluate({
      ...{ device, model, tokenizer, policy, step, steps, signal },
    });
    const evaluation = { phase, step, numbers };
    this.state.evaluations = [...this.state.evaluations, evaluation];
    if (row !== undefined) await this.#sinks.append("metrics", { step, phase, ...row });
    if (answers !== undefined) await this.#sinks.append("answers", { phase, step, ...answers });
    return { kind: "evaluation", ...evaluation, seconds: (performance.now() - begin) / 1000 };
  }

  async #save(): Promise<CheckpointEvent> {
    await this.#sinks.checkpoint(() => this.capture());
    return { kind: "checkpoint", step: this.state.step };
  }
}

function undecided(phase: number, { ties, failed }: PairCounts): WarningEvent {
  const left = `${ties} ${ties === 1 ? "tie" : "ties"} and ${failed} failed`;
  return { kind: "warning", message: `Phase ${phase + 1} has no pair to train on: ${left}` };
}
