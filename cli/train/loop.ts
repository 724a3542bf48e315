// A run of `train`: the library's run with a folder as its sink, and a terminal that hears what happens.
import { requireVerdicts } from "../../core/mod.ts";
import { countPairs } from "../../scheduler/mod.ts";
import { type Evaluation, type PairSource, type PhaseEndEvent, Run } from "../../training/mod.ts";
import { counted } from "../terminal/counted.ts";
import type { Annotators } from "../judge/annotators.ts";
import { type Failures, heard, tellFailures } from "../judge/failures.ts";
import type { RunConfig } from "../flags/run_config.ts";
import { evaluationSteps } from "../flags/cadence.ts";
import { beforeLine, phaseLine } from "./phase_line.ts";
import { RunEvaluator } from "./run_evaluator.ts";
import { Progress } from "../terminal/progress.ts";
import { folderSink, type ResumePoint } from "./resume.ts";
import { runOptions } from "./run_options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { NOTHING_DONE, type RunTotals, withDevice } from "./totals.ts";
import type { LoadedPlan } from "./device/loaded_plan.ts";
import type { References } from "./device/references.ts";
import type { OpenedFolder } from "./unopened_folder.ts";

/** What a run is made of. Everything is borrowed. */
export interface RunParts {
  /** Its plan, on the device. */
  readonly loaded: LoadedPlan;
  /** Its folder, and what must stay the same for it to be resumed. */
  readonly opened: OpenedFolder;
  /** Texts that answers are compared with. */
  readonly references: References;
  /** Who says which answer wins. */
  readonly annotators: Annotators;
  /** Where the run goes on; absent at a start. */
  readonly point?: ResumePoint;
  /** Where it prints. */
  readonly terminal: Terminal;
  /** Ends the run at the next safe moment. */
  readonly signal: AbortSignal;
  /** `performance.now()` when the work began. */
  readonly startedAt: number;
}

/** A run in progress. Dispose it to free its memory on the device. */
export class TrainingRun implements Disposable {
  /** What learns. */
  readonly run: Run<Evaluation>;
  /** What it is made of. */
  readonly parts: RunParts;
  readonly #evaluationSteps: readonly number[];
  readonly #evaluator: RunEvaluator;
  readonly #progress: Progress;
  readonly #earlier: RunTotals;
  #workSeconds: number;

  /** Starts at step 0, or goes on where `parts.point` says. */
  constructor(parts: RunParts) {
    this.parts = parts;
    const { loaded, opened: { folder, identity }, references, point } = parts;
    const { device, config, policies: { start } } = loaded;
    const annotators = heard(parts.annotators, (failures) => this.#tellFailures(failures));
    const options = runOptions({ ...loaded, annotators });
    this.#earlier = point?.totals ?? NOTHING_DONE;
    this.#workSeconds = this.#earlier.workSeconds;
    this.#progress = new Progress(parts.terminal, config.method.steps);
    this.#evaluationSteps = evaluationSteps(options.cadence!, config.data.evalEvery);
    this.#evaluator = new RunEvaluator({
      ...{ ...loaded, annotators, references: references.texts, start: start?.policy },
      steps: this.#evaluationSteps,
      during: async (prompts, body) => {
        await this.#show(`evaluating on ${counted(prompts, "prompt")}`);
        return await this.#progress.time("evaluate", prompts, body);
      },
    }, this.#earlier);
    const whole = {
      ...options,
      source: this.#shown(options.source),
      evaluator: this.#evaluator,
      sinks: [folderSink({ folder, identity, totals: () => this.totals })],
    };
    this.run = point === undefined
      ? Run.start(device, whole)
      : Run.resume(device, whole, point.checkpoint);
  }

  /** The flags. */
  get config(): RunConfig {
    return this.parts.loaded.config;
  }

  /** What was done so far, by earlier processes too. */
  get totals(): RunTotals {
    const { loaded: { device }, startedAt } = this.parts;
    const seconds = (performance.now() - startedAt) / 1000;
    const now = {
      ...{ ...this.#earlier, ...this.run.counts, workSeconds: this.#workSeconds },
      ...{ evaluations: this.run.evaluations, ...this.#evaluator.once },
    };
    return withDevice(this.#earlier, now, device.stats(), seconds);
  }

  /**
   * Runs to the end. An abort between two steps leaves a checkpoint of that moment.
   *
   * @throws What the annotator, the device or the abort throws; the folder can then be resumed.
   */
  async finish(): Promise<void> {
    const { terminal, signal } = this.parts;
    const { run } = this;
    try {
      if (!run.done && !run.phaseDue) await this.#showTraining();
      await run.finish({
        signal,
        on: {
          evaluation: ({ step, numbers }) => {
            if (step === 0) terminal.line(beforeLine(numbers));
          },
          pairs: async ({ seconds }) => {
            this.#workSeconds += seconds;
            await this.#showTraining();
          },
          step: async ({ seconds }) => {
            this.#progress.add("step", 1, seconds);
            this.#workSeconds += seconds;
            if (!run.done && !run.phaseDue) await this.#showTraining();
          },
          phaseEnd: (event) => terminal.line(this.#phaseLine(event)),
        },
      });
    } finally {
      this.#progress.clear();
    }
  }

  /** The first reasons for people, all of them in the folder. */
  async #tellFailures(failures: Failures): Promise<void> {
    const { phase, stepsDone: step } = this.run;
    const { terminal, opened: { folder } } = this.parts;
    await tellFailures({ terminal, folder }, { phase: phase + 1, step }, failures);
  }

  /** The source, with its work shown and timed; a phase of which every verdict failed ends the run. */
  #shown(source: PairSource): PairSource {
    const doing = this.parts.loaded.recorded ? "scoring" : "generating and annotating";
    return {
      ...source,
      phase: async (request) => {
        const [from, to] = request.cadence.span(request.phase);
        const count = (to - from) * request.pairsPerStep;
        const name = `phase ${request.phase + 1}`;
        await this.#show(`${name}: ${doing} ${counted(count, "pair")}`);
        const pairs = await this.#progress.time("collect", count, () => source.phase(request));
        requireVerdicts(`train ${name}`, pairs.records.map(({ verdict }) => verdict));
        return pairs;
      },
    };
  }

  #phaseLine({ phase, step, margin, accuracy, tokensPerSecond }: PhaseEndEvent): string {
    const { run } = this;
    const newest = run.evaluations.at(-1);
    return phaseLine({
      phase: phase + 1,
      phases: run.options.cadence.phases,
      step,
      evaluation: newest?.step === step ? newest.numbers : undefined,
      margin,
      accuracy,
      ...countPairs(run.records),
      tokensPerSecond,
    });
  }

  async #showTraining(): Promise<void> {
    const { phase, options: { cadence: { phases } } } = this.run;
    await this.#show(`phase ${phase + 1}/${phases}: training`);
  }

  async #show(doing: string): Promise<void> {
    const { run } = this;
    const { steps, pairs } = this.config.method;
    const done = run.stepsDone;
    const collected = run.phaseDue || run.done ? done : run.options.cadence.span(run.phase)[1];
    const evaluations = [...this.#evaluationSteps.filter((step) => step > done), steps]; // and greedy
    await this.#progress.show(done, doing, {
      evaluate: run.done
        ? this.#evaluator.size(steps)
        : evaluations.reduce((sum, step) => sum + this.#evaluator.size(step), 0),
      collect: (steps - collected) * pairs,
      step: steps - done,
    });
  }

  /** Frees the run's memory on the device. */
  [Symbol.dispose](): void {
    this.run[Symbol.dispose]();
  }
}
