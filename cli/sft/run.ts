// A run of `leash sft` with its folder and a terminal that hears its events.
import type { Device } from "../../backend/mod.ts";
import { keyOf, type Model, scheduleByName, type Tokenizer } from "../../core/mod.ts";
import {
  completions,
  epochSteps,
  lossEvaluator,
  type LossNumbers,
  type SequenceSource,
  type SftCheckpoint,
  SftRun,
  type SftRunOptions,
  type Sink,
} from "../../training/mod.ts";
import { targetsOf } from "../flags/target_modules.ts";
import { clock, statusLine } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { SftData } from "./data.ts";
import type { SftConfig } from "./flags.ts";
import {
  checkpointOf,
  type SftFolder,
  type SftPoint,
  type SftResult,
  type SftSpent,
} from "./folder.ts";
import { turn } from "../../core/base/pause.ts";

/** What a run is made of. */
export interface SftRunParts {
  /** Where the model is. */
  readonly device: Device;
  /** The base. */
  readonly model: Model;
  /** Text to ids and back. */
  readonly tokenizer: Tokenizer;
  /** The rows. */
  readonly data: SftData;
  /** The flags. */
  readonly config: SftConfig;
  /** The run's folder, owned. */
  readonly folder: Pick<SftFolder, "metrics" | "save">;
  /** Where it goes on; absent at a start. */
  readonly from?: SftPoint;
  /** Where it prints. */
  readonly terminal: Terminal;
}

const MEASUREMENTS = 5; // within a run, besides the start

/** What an epoch of the flags is. */
function sourceOf({ train }: SftData, { batchTokens }: SftConfig): SequenceSource {
  return completions(train, { batchTokens });
}

/** Updates that the flags ask for. */
export function countSteps(data: SftData, config: SftConfig): number {
  return config.steps ?? epochSteps(sourceOf(data, config), config.epochs ?? 1, keyOf(config.seed));
}

/** The run that the flags ask for, but for its sink. */
function optionsOf({ model, tokenizer, data, config }: SftRunParts): SftRunOptions<LossNumbers> {
  const { full, lr, schedule, targetModules, rslora: rsLora, checkpointEvery, seed } = config;
  const steps = countSteps(data, config);
  const every = Math.ceil(steps / MEASUREMENTS);
  const { rank, alpha, microTokens, gradientCheckpointing } = config;
  return {
    ...{ model, tokenizer, steps, seed, allWeights: full, checkpointEvery },
    ...{ rank, alpha, rsLora, microTokens, gradientCheckpointing },
    ...(full ? {} : { targetModules: targetsOf(targetModules) }),
    source: sourceOf(data, config),
    learningRate: scheduleByName(schedule, { base: lr, steps }),
    ...(data.evaluation.length === 0 ? {} : {
      evaluator: lossEvaluator(data.evaluation, {
        isDue: (step) => step % every === 0 || step === steps,
      }),
    }),
  };
}

/** A run in progress. Dispose it to free its memory on the device. */
export class SftTraining implements Disposable {
  /** What learns. */
  readonly run: SftRun<LossNumbers>;
  readonly #parts: SftRunParts;
  readonly #began = performance.now();
  #epochs: number;
  #loss: SftResult["loss"];

  /** Starts at step 0, or goes on where `parts.from` says. */
  constructor(parts: SftRunParts) {
    this.#parts = parts;
    const { device, from, folder } = parts;
    const done = from?.meta.done;
    this.#epochs = done?.epochs ?? 0;
    this.#loss = done?.loss ?? { first: NaN, last: NaN };
    const sink: Sink<SftCheckpoint<LossNumbers>> = {
      append: (stream, row) => void (stream === "metrics" && folder.metrics.append(row)),
      checkpoint: (state) => folder.save(state, this.result, this.spent),
    };
    const options = { ...optionsOf(parts), sinks: [sink] };
    this.run = from === undefined
      ? SftRun.start(device, options)
      : SftRun.resume(device, options, checkpointOf(from));
  }

  /** What the run has come to so far. */
  get result(): SftResult {
    const { stepsDone: steps, tokens, evaluations } = this.run;
    const [before, after] = [evaluations[0], evaluations.at(-1)].map((at) => at?.numbers.loss);
    return {
      ...{ steps, epochs: this.#epochs, tokens, loss: this.#loss },
      ...(before === undefined || after === undefined ? {} : { evaluation: { before, after } }),
    };
  }

  /** What it took, by earlier processes too. */
  get spent(): SftSpent {
    const { from, device } = this.#parts;
    const earlier = from?.meta.spent ?? { seconds: 0, bytesPeak: 0 };
    return {
      seconds: earlier.seconds + (performance.now() - this.#began) / 1000,
      bytesPeak: Math.max(earlier.bytesPeak, device.stats().bytesPeak),
    };
  }

  /**
   * Runs to the end. A signal between two steps leaves that moment saved.
   *
   * @throws What the device throws, the signal's reason, or Diverged if the loss is not finite any more.
   */
  async finish(signal?: AbortSignal): Promise<void> {
    const { run, run: { options: { cadence: { steps } } } } = this;
    const { terminal } = this.#parts;
    const begun = run.stepsDone, began = performance.now();
    try {
      await run.finish({
        signal,
        on: {
          evaluation({ step, numbers: { loss } }) {
            terminal.line(`Step ${step}/${steps} · held-out loss ${loss.toFixed(4)} nats a token`);
          },
          step: async ({ step, epoch = 0, metrics: { loss } }) => {
            this.#epochs = epoch;
            this.#loss = { first: step === 0 ? loss : this.#loss.first, last: loss };
            const done = step + 1;
            const left = (performance.now() - began) / 1000 / (done - begun) * (steps - done);
            terminal.status(
              statusLine(
                done / steps,
                [`step ${done}/${steps}`, `loss ${loss.toFixed(3)}`, `${clock(left)} left`],
                terminal.columns,
              ),
            );
            await turn(); // lets Ctrl-C be heard
          },
        },
      });
    } finally {
      terminal.status("");
    }
  }

  /** Frees the run's memory on the device. */
  [Symbol.dispose](): void {
    this.run[Symbol.dispose]();
  }
}
