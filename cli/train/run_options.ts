// A run's flags and parts as the library takes them.
import { scheduleByName } from "../../core/mod.ts";
import { type Evaluation, online, type PairSource, type RunOptions } from "../../training/mod.ts";
import { type Annotators, namedFailures } from "../judge/annotators.ts";
import { cadenceOf, lossOf, targetsOf } from "../flags/method.ts";
import type { RunConfig } from "../flags/run_config.ts";
import type { ReferenceMode } from "../../scheduler/mod.ts";
import type { StartMembers } from "../policy/start_adapter.ts";
import type { Task } from "./workload.ts";

/** What the options are made of. */
export interface RunOptionsParts {
  /** Model and prompts. */
  readonly task: Task;
  /** Who says which answer wins. */
  readonly annotators: Annotators;
  /** What the loss holds the learner to. */
  readonly reference: ReferenceMode;
  /** The flags. */
  readonly config: RunConfig;
  /** The members that the run starts from. */
  readonly start?: { readonly members: StartMembers };
  /** Pairs that are there already; absent for new ones. */
  readonly recorded?: PairSource;
}

/** All but sinks, evaluator and stops. */
export function runOptions(
  { task, annotators, reference, config, start, recorded }: RunOptionsParts,
): RunOptions<Evaluation> {
  return {
    model: task.model,
    tokenizer: task.tokenizer,
    source: recorded ?? online({
      annotator: namedFailures(annotators.training),
      prompts: task.prompts.train,
      sampling: { temperature: config.temperature, topP: config.topP },
      maxNew: config.maxNew,
    }),
    loss: lossOf(config),
    reference,
    cadence: cadenceOf(config),
    pairsPerStep: config.pairs,
    members: config.members,
    rank: config.rank,
    alpha: config.alpha,
    rsLora: config.rslora,
    gradientCheckpointing: config.gradientCheckpointing,
    microBatch: config.microBatch,
    targetModules: targetsOf(config.targetModules),
    startFrom: start?.members,
    learningRate: scheduleByName(config.schedule, { base: config.lr, steps: config.steps }),
    seed: config.seed,
    checkpointEvery: config.checkpointEvery,
  };
}
