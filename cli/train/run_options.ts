// A run's flags and parts as the library takes them.
import { scheduleByName } from "../../core/mod.ts";
import { type Evaluation, online, type PairSource, type RunOptions } from "../../training/mod.ts";
import { type Annotators, namedFailures } from "../judge/annotators.ts";
import { cadenceOf } from "../flags/cadence.ts";
import { targetsOf } from "../flags/target_modules.ts";
import { lossByName } from "../../losses/mod.ts";
import type { RunConfig } from "../flags/run_config.ts";
import type { RunPolicies } from "./device/run_policies.ts";
import type { Workload } from "./device/workload.ts";

/** What the options are made of. */
export interface RunOptionsParts {
  /** Model and prompts. */
  readonly workload: Workload;
  /** Who says which answer wins. */
  readonly annotators: Annotators;
  /** What the loss holds the learner to, and what the members start from. */
  readonly policies: Pick<RunPolicies, "reference" | "start">;
  /** The flags. */
  readonly config: RunConfig;
  /** Pairs that are there already; absent for new ones. */
  readonly recorded?: PairSource;
}

/** All but sinks, evaluator and stops. */
export function runOptions(
  { workload, annotators, policies, config, recorded }: RunOptionsParts,
): RunOptions<Evaluation> {
  const { method, adapter, optimiser, sampling, files } = config;
  return {
    model: workload.model,
    tokenizer: workload.tokenizer,
    source: recorded ?? online({
      annotator: namedFailures(annotators.training),
      prompts: workload.prompts.train,
      sampling: { temperature: sampling.temperature, topP: sampling.topP },
      maxNew: sampling.maxNew,
    }),
    loss: lossByName(method.loss, method.beta),
    reference: policies.reference,
    cadence: cadenceOf(method),
    pairsPerStep: method.pairs,
    members: adapter.members,
    rank: adapter.rank,
    alpha: adapter.alpha,
    rsLora: adapter.rslora,
    gradientCheckpointing: optimiser.gradientCheckpointing,
    microBatch: optimiser.microBatch,
    targetModules: targetsOf(adapter.targetModules),
    startFrom: policies.start?.members,
    learningRate: scheduleByName(optimiser.schedule, { base: optimiser.lr, steps: method.steps }),
    seed: sampling.seed,
    checkpointEvery: files.checkpointEvery,
  };
}
