// What a run on pairs teaches: a phase collects them with its snapshot, and each step trains on its own.
import type { Device } from "../../backend/mod.ts";
import { type Key, keyOf } from "../../core/mod.ts";
import type { PairCounts } from "../../scheduler/pairs.ts";
import type { PairProgress } from "../checkpoint.ts";
import type { Course, MeasuredPolicy, Taught } from "../course.ts";
import type { EvaluationNumbers } from "../evaluator.ts";
import type { PairsEvent, WarningEvent } from "../events.ts";
import type { Learner, LearnerState } from "./learner.ts";
import { PairState } from "./state.ts";
import { checkRecords } from "./phase_records.ts";
import { collectRow, stepRow } from "./rows.ts";
import type { SettledOptions } from "../run_options.ts";
import type { RowSink } from "../sinks/sink.ts";
import { newPairsOf } from "../sources/source.ts";

/** A learner and the pairs that it learns from. */
export class PairCourse<E extends EvaluationNumbers>
  implements Course<LearnerState & PairProgress> {
  /** Its pairs. */
  readonly pairs: PairState;
  readonly #key: Key;

  constructor(
    readonly device: Device,
    readonly options: SettledOptions<E>,
    readonly learner: Learner,
    progress: PairProgress | undefined,
  ) {
    this.pairs = new PairState(progress);
    this.#key = keyOf(options.seed);
  }

  isDue(step: number): boolean {
    const { cadence } = this.options;
    return step < cadence.steps && cadence.isDue(step) &&
      this.pairs.records[0]?.phase !== cadence.phaseOf(step);
  }

  async begin(
    { phase, step }: { readonly phase: number; readonly step: number },
    rows: RowSink,
    signal?: AbortSignal,
  ): Promise<readonly (PairsEvent | WarningEvent)[]> {
    const { source, cadence, model, tokenizer, pairsPerStep, reference } = this.options;
    const { device, learner, pairs } = this;
    const begin = performance.now();
    learner.refresh(step);
    const earlier = pairs.remembered(source.keeps ?? 0);
    const collected = await source.phase({
      ...{ device, model, tokenizer, phase, cadence, pairsPerStep, earlier, signal },
      ...{ key: this.#key, mode: reference.kind, members: learner.members() },
      ...{ behaviour: learner.behaviour, reference: learner.reference },
    });
    const { records, generated } = collected;
    checkRecords(records, phase, cadence);
    const counts = pairs.takePairs(collected, earlier);
    for (const record of records) await rows.append("pairs", record);
    await rows.append("metrics", collectRow(phase, cadence.span(phase)[0], records));
    const seconds = (performance.now() - begin) / 1000;
    const event = { kind: "pairs", phase, records, ...counts, generated, seconds } as const;
    const isUndecided = counts.ties + counts.failed === counts.pairs;
    return isUndecided ? [event, undecided(phase, counts)] : [event];
  }

  async train(step: number, phase: number): Promise<Taught> {
    const { source, pairsPerStep } = this.options;
    const records = this.pairs.records.filter((record) => record.step === step);
    const { pairs, metrics } = await this.learner.train(step, records);
    this.pairs.takeStep(metrics.step_tokens ?? 0);
    const epoch = source.entries && (step + 1) * newPairsOf(source, pairsPerStep) / source.entries;
    const { trained: tokens } = this.pairs.counts;
    const row = stepRow({ step, phase, pairs, metrics, epoch, records, tokens });
    return { examples: pairs, metrics, ...(epoch === undefined ? {} : { epoch }), row };
  }

  measured(step: number): MeasuredPolicy {
    const { model, startFrom } = this.options;
    const isFresh = step === 0 && startFrom === undefined;
    const snapshot = isFresh ? undefined : this.learner.snapshotNow("evaluation");
    return {
      model,
      policy: { id: snapshot?.id ?? "start", adapter: snapshot?.adapter() },
      [Symbol.dispose]: () => snapshot?.[Symbol.dispose](),
    };
  }

  place(step: number, phase: number): object {
    return { step, phase };
  }

  async capture(): Promise<LearnerState & PairProgress> {
    return { ...await this.learner.capture(), ...this.pairs.progress() };
  }

  [Symbol.dispose](): void {
    this.learner[Symbol.dispose]();
  }
}

function undecided(phase: number, { ties, failed }: PairCounts): WarningEvent {
  const left = `${ties} ${ties === 1 ? "tie" : "ties"} and ${failed} failed`;
  return { kind: "warning", message: `Phase ${phase + 1} has no pair to train on: ${left}` };
}
