// The loop of a run: collect, train, evaluate, checkpoint, phase after phase, with everything that happens in the logs.
import type { Device } from "../../backend/mod.ts";
import { type Adapter, requireVerdicts, scheduleByName } from "../../core/mod.ts";
import { countPairs, type PairRecord, type ReferenceMode } from "../../scheduler/mod.ts";
import {
  Alignment,
  type AlignmentOptions,
  evaluate,
  type EvaluatedPolicy,
  type EvaluateOptions,
  evaluationRow,
  type PolicyOptions,
  type Sink,
  temperatureOneKl,
} from "../../training/mod.ts";
import { counted } from "../terminal/counted.ts";
import { type Annotators, namedFailures } from "../judge/annotators.ts";
import { type Failures, heard, tellFailures } from "../judge/failures.ts";
import { textMetrics } from "../../stories/text_metrics.ts";
import type { RunConfig } from "../flags/run_config.ts";
import { cadenceOf, evaluationSteps, lossOf, targetsOf } from "../flags/method.ts";
import { beforeLine, phaseLine } from "./phase_line.ts";
import { Progress } from "../terminal/progress.ts";
import type { RecordedPairs } from "./recorded_pairs.ts";
import { folderSink, type ResumePoint } from "./resume.ts";
import type { RunFolder, RunIdentity } from "../folder/run_folder.ts";
import type { StartMembers } from "../policy/start_adapter.ts";
import type { Task } from "./workload.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { scoreMetrics } from "../policy/score_metrics.ts";
import { type EvaluationAt, NOTHING_DONE, type RunTotals, withDevice } from "./totals.ts";

/** What a run is made of. Everything is borrowed. */
export interface RunParts {
  /** Where the kernels run; opened for this run. */
  readonly device: Device;
  /** Model and prompts. */
  readonly task: Task;
  /** One text an evaluation prompt. */
  readonly references: readonly string[];
  /** Who says which answer wins. */
  readonly annotators: Annotators;
  /** What the loss holds the learner to. */
  readonly reference: ReferenceMode;
  /** Pairs that are there already, to train on instead of new ones. */
  readonly recorded?: RecordedPairs;
  /** The members that the run starts from, and their policy; absent for fresh ones on the bare model. */
  readonly start?: { readonly members: StartMembers; readonly policy: Adapter };
  /** How a policy ranks the held-out pairs, where nobody annotates. */
  readonly rank?: EvaluateOptions["rank"];
  /** The run's folder, owned. */
  readonly folder: RunFolder;
  /** What must stay the same for it to be resumed. */
  readonly identity: RunIdentity;
  /** Where the run goes on; absent at a start. */
  readonly resume?: ResumePoint;
  /** Where it prints. */
  readonly terminal: Terminal;
  /** Ends the run at the next safe moment. */
  readonly signal: AbortSignal;
  /** `performance.now()` when the work began. */
  readonly startedAt: number;
}

/** Sums over the steps of a phase, for its line. */
interface PhaseSums {
  readonly startedAt: number;
  collectSeconds: number;
  generated: number;
  trained: number;
  steps: number;
  margin: number;
  accuracy: number;
}

/** A run in progress. Dispose it to free its memory on the device. */
export class TrainingRun implements Disposable {
  readonly alignment: Alignment;
  readonly #parts: RunParts;
  readonly #evaluationSteps: readonly number[];
  readonly #progress: Progress;
  readonly #sink: Sink;
  readonly #earlier: RunTotals;
  #totals: RunTotals;
  #sums: PhaseSums;

  /** Starts at step 0, or goes on where `parts.resume` says. */
  constructor(given: RunParts) {
    const annotators = heard(given.annotators, (failures) => this.#tellFailures(failures));
    const parts = this.#parts = { ...given, annotators };
    const { device, resume } = parts;
    const options = alignmentOptions({ ...parts, config: this.config });
    this.alignment = resume === undefined
      ? Alignment.start(device, options)
      : Alignment.resume(device, options, resume.checkpoint);
    this.#earlier = this.#totals = resume?.totals ?? NOTHING_DONE;
    this.#evaluationSteps = evaluationSteps(options.cadence, this.config.evalEvery);
    this.#progress = new Progress(parts.terminal, this.config.steps);
    this.#sums = freshSums();
    this.#sink = folderSink({ ...parts, totals: () => this.totals });
  }

  /** The flags. */
  get config(): RunConfig {
    return this.#parts.identity.config;
  }

  /** What was done so far, by earlier processes too. */
  get totals(): RunTotals {
    const { device, startedAt } = this.#parts;
    const seconds = (performance.now() - startedAt) / 1000;
    return withDevice(this.#earlier, this.#totals, device.stats(), seconds);
  }

  /**
   * Runs to the end. An abort between two steps leaves a checkpoint of that moment.
   *
   * @throws What the annotator, the device or the abort throws; the folder can then be resumed.
   */
  async finish(): Promise<void> {
    const { signal } = this.#parts;
    const run = this.alignment;
    try {
      if (this.#totals.evaluations.length === 0) await this.#evaluateStart();
      while (!run.done) {
        if (signal.aborted) await this.save();
        signal.throwIfAborted();
        if (run.phaseDue) await this.#beginPhase();
        await this.#step();
        if (run.done || run.phaseDue) await this.#endPhase();
        else if (run.stepsDone % this.config.checkpointEvery === 0) await this.save();
      }
    } finally {
      this.#progress.clear();
    }
  }

  /** The first reasons for people, all of them in the folder. */
  async #tellFailures(failures: Failures): Promise<void> {
    const { phase, stepsDone: step } = this.alignment;
    await tellFailures(this.#parts, { phase: phase + 1, step }, failures);
  }

  /** Writes a checkpoint. */
  async save(): Promise<void> {
    await this.#sink.checkpoint!(await this.alignment.capture());
  }

  /** Evaluates the policy as it is now, by samples or greedily; within the run on the first prompts only. */
  async #evaluateNow(greedy: boolean): Promise<EvaluatedPolicy> {
    const { device, task: { known }, references, annotators, rank } = this.#parts;
    const { evaluation: annotator, heldOut } = annotators;
    const { temperature, topP } = this.config;
    const sampling = greedy ? { temperature: 0 } : { temperature, topP };
    return await this.#withPolicy((options) =>
      evaluate(device, {
        ...{ ...options, ...sampling, annotator, heldOut, rank },
        against: references.slice(0, options.prompts.length),
        texts: textMetrics(known),
      })
    );
  }

  /** Runs something on the policy as it is now and the evaluation prompts. */
  async #withPolicy<T>(body: (options: PolicyOptions) => Promise<T>): Promise<T> {
    const { task: { model, tokenizer, prompts: { evaluation } }, start, signal } = this.#parts;
    const run = this.alignment;
    const prompts = evaluation.slice(0, this.#evaluationSize(run.stepsDone));
    using policy = run.stepsDone === 0 ? undefined : run.snapshotNow("evaluation");
    await this.#show(`evaluating on ${counted(prompts.length, "prompt")}`);
    const { maxNew } = this.config;
    const options = { ...{ model, tokenizer, prompts, maxNew, signal }, start: start?.policy };
    return await this.#progress.time(
      "evaluate",
      prompts.length,
      () => body({ ...options, policy: policy?.adapter() }),
    );
  }

  #evaluationSize(step: number): number {
    const { length } = this.#parts.task.prompts.evaluation;
    const { steps, phasePrompts } = this.config;
    return step === 0 || step === steps ? length : Math.min(length, phasePrompts);
  }

  async #evaluateStart(): Promise<void> {
    const { terminal } = this.#parts;
    const sampled = await this.#evaluateNow(false);
    const greedy = await this.#evaluateNow(true);
    this.#totals = { ...this.#totals, greedyBefore: greedy.numbers };
    await this.#record({ phase: 0, step: 0, numbers: sampled.numbers });
    const answers = { sampled: sampled.answers, greedy: greedy.answers };
    await this.#sink.append("answers", { phase: 0, step: 0, ...answers });
    terminal.line(beforeLine(sampled.numbers));
    await this.save();
  }

  async #record(evaluation: EvaluationAt): Promise<void> {
    const { phase, step, numbers } = evaluation;
    await this.#sink.append("metrics", { step, phase, ...evaluationRow(numbers) });
    this.#totals = { ...this.#totals, evaluations: [...this.#totals.evaluations, evaluation] };
  }

  async #beginPhase(): Promise<void> {
    const { recorded, signal } = this.#parts;
    const run = this.alignment;
    const { pairs } = this.config;
    const { phase } = run;
    const [from, to] = run.options.cadence.span(phase);
    this.#sums = freshSums();
    const count = (to - from) * pairs;
    const doing = recorded ? "scoring" : "generating and annotating";
    await this.#show(`phase ${phase + 1}: ${doing} ${counted(count, "pair")}`);
    const records = await this.#progress.time("collect", count, async () => {
      if (recorded === undefined) return await run.collect(signal);
      run.load(await recorded.phase([from, to], phase, signal));
      return run.records;
    });
    this.#sums.collectSeconds = (performance.now() - this.#sums.startedAt) / 1000;
    requireVerdicts(`train phase ${phase + 1}`, records.map(({ verdict }) => verdict));
    for (const record of records) await this.#sink.append("pairs", record);
    const counts = countPairs(records);
    const generated = recorded === undefined ? countTokens(records) : 0;
    this.#sums.generated = generated;
    await this.#sink.append("metrics", {
      step: from,
      phase: phase + 1,
      "collect/pairs": counts.pairs,
      "collect/ties": counts.ties,
      "collect/failed": counts.failed,
      "val/contain_eos_token": shareStopped(records),
    });
    const { pairs: p, ties, failed, generated: g } = this.#totals;
    this.#totals = {
      ...this.#totals,
      pairs: p + counts.pairs,
      ties: ties + counts.ties,
      failed: failed + counts.failed,
      generated: g + generated,
      workSeconds: this.#totals.workSeconds + this.#sums.collectSeconds,
    };
    await this.save();
  }

  async #step(): Promise<void> {
    const run = this.alignment;
    const { pairs } = this.config;
    const start = performance.now();
    await this.#show(`phase ${run.phase + 1}/${run.options.cadence.phases}: training`);
    const report = await this.#progress.time("step", 1, () => run.step());
    const { metrics: { step_tokens: trained = 0, ...metrics } } = report;
    const entries = this.#parts.task.pairs ?? this.#parts.task.prompts;
    await this.#sink.append("metrics", {
      step: report.step + 1,
      phase: report.phase + 1,
      epoch: (report.step + 1) * pairs / entries.train.length,
      pairs: report.pairs,
      ...metrics,
      ...scoreMetrics(run.records.filter((record) => record.step === report.step), metrics),
      num_tokens: this.#totals.trained + trained,
    });
    this.#totals = {
      ...this.#totals,
      trained: this.#totals.trained + trained,
      workSeconds: this.#totals.workSeconds + (performance.now() - start) / 1000,
    };
    if (report.pairs > 0) {
      this.#sums.steps++;
      this.#sums.margin += metrics["rewards/margins"];
      this.#sums.accuracy += metrics["rewards/accuracies"];
      this.#sums.trained += trained;
    }
  }

  async #endPhase(): Promise<void> {
    const { terminal } = this.#parts;
    const run = this.alignment;
    const { cadence } = run.options;
    const step = run.stepsDone, phase = cadence.phaseOf(step - 1) + 1;
    const seconds = (performance.now() - this.#sums.startedAt) / 1000;
    let evaluation: EvaluationAt | undefined;
    if (this.#evaluationSteps.includes(step)) {
      const sampled = await this.#evaluateNow(false);
      const greedy = run.done ? await this.#evaluateNow(true) : undefined;
      evaluation = { phase, step, numbers: sampled.numbers };
      await this.#record(evaluation);
      if (greedy) {
        const klAtOne = await this.#withPolicy((options) =>
          temperatureOneKl(this.#parts.device, options)
        );
        this.#totals = { ...this.#totals, greedyAfter: greedy.numbers, klAtOne };
      }
      await this.#sink.append("answers", {
        phase,
        step,
        sampled: sampled.answers,
        ...(greedy ? { greedy: greedy.answers } : {}),
      });
    }
    const { steps, margin, accuracy, generated, trained, collectSeconds } = this.#sums;
    const tokensPerSecond = (generated + trained) / Math.max(seconds, 1e-9);
    await this.#sink.append("timing", {
      phase,
      step,
      seconds,
      collectSeconds,
      generated,
      trained,
      tokensPerSecond,
    });
    terminal.line(phaseLine({
      phase,
      phases: cadence.phases,
      step,
      evaluation: evaluation?.numbers,
      margin: steps > 0 ? margin / steps : undefined,
      accuracy: steps > 0 ? accuracy / steps : undefined,
      ...countPairs(run.records),
      tokensPerSecond,
    }));
    await this.save();
  }

  async #show(doing: string): Promise<void> {
    const run = this.alignment;
    const { steps, pairs } = this.config;
    const done = run.stepsDone;
    const collected = run.phaseDue || run.done ? done : run.options.cadence.span(run.phase)[1];
    const evaluations = [...this.#evaluationSteps.filter((step) => step > done), this.config.steps]; // and greedy
    await this.#progress.show(done, doing, {
      evaluate: run.done
        ? this.#evaluationSize(this.config.steps)
        : evaluations.reduce((sum, step) => sum + this.#evaluationSize(step), 0),
      collect: (steps - collected) * pairs,
      step: steps - done,
    });
  }

  /** Frees the run's memory on the device. */
  [Symbol.dispose](): void {
    this.alignment[Symbol.dispose]();
  }
}

function freshSums(): PhaseSums {
  return {
    startedAt: performance.now(),
    collectSeconds: 0,
    generated: 0,
    trained: 0,
    steps: 0,
    margin: 0,
    accuracy: 0,
  };
}

/** A run's flags and parts as the library takes them. */
export function alignmentOptions(
  { task, annotators, reference, config, start }:
    & Pick<RunParts, "task" | "annotators" | "reference">
    & { readonly config: RunConfig; readonly start?: { readonly members: StartMembers } },
): AlignmentOptions {
  return {
    model: task.model,
    tokenizer: task.tokenizer,
    annotator: namedFailures(annotators.training),
    loss: lossOf(config),
    reference,
    cadence: cadenceOf(config),
    prompts: task.prompts.train,
    pairsPerStep: config.pairs,
    members: config.members,
    rank: config.rank,
    alpha: config.alpha,
    rsLora: config.rslora,
    gradientCheckpointing: config.gradientCheckpointing,
    microBatch: config.microBatch,
    targetModules: targetsOf(config.targetModules),
    startFrom: start?.members,
    sampling: { temperature: config.temperature, topP: config.topP },
    maxNew: config.maxNew,
    learningRate: scheduleByName(config.schedule, { base: config.lr, steps: config.steps }),
    seed: config.seed,
  };
}

function countTokens(records: readonly PairRecord[]): number {
  return records.reduce((sum, { a, b }) => sum + a.ids.length + b.ids.length, 0);
}

/** Share of the answers of pairs that ended by themselves. */
export function shareStopped(records: readonly Pick<PairRecord, "a" | "b">[]): number {
  const answers = records.flatMap(({ a, b }) => [a, b]);
  return answers.filter(({ finish }) => finish === "stop").length / answers.length;
}
