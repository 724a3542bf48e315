// The evaluations of a run of `train`: by samples, greedily at the start and at the end, and there the KL at temperature 1.
import type { Device } from "../../backend/mod.ts";
import type { Adapter } from "../../core/mod.ts";
import {
  evaluate,
  type Evaluated,
  type EvaluateOptions,
  type Evaluation,
  type EvaluationRequest,
  evaluationRow,
  type Evaluator,
  pairRanker,
  type PolicyOptions,
  temperatureOneKl,
} from "../../training/mod.ts";
import { textMetrics } from "../../stories/text_metrics.ts";
import type { Annotators } from "../judge/annotators.ts";
import type { RunConfig } from "../flags/run_config.ts";
import type { RunTotals } from "./totals.ts";
import type { Workload } from "./device/workload.ts";

/** What evaluations need; everything is borrowed. */
export interface EvaluatorParts {
  /** Where the model is. */
  readonly device: Device;
  /** Model and prompts. */
  readonly workload: Workload;
  /** The flags. */
  readonly config: RunConfig;
  /** One text an evaluation prompt. */
  readonly references: readonly string[];
  /** Who says which answer wins. */
  readonly annotators: Annotators;
  /** The policy that the run starts from; absent for the bare model. */
  readonly start?: Adapter;
  /** Steps after which the policy is evaluated. */
  readonly steps: readonly number[];
  /** Wraps each piece of work, to show and time it. */
  during<T>(prompts: number, body: () => Promise<T>): Promise<T>;
}

/** What is measured once a run, for its summary. */
export type OnceMeasured = Pick<RunTotals, "greedyBefore" | "greedyAfter" | "klAtOne">;

/** Evaluates as the flags say. */
export class RunEvaluator implements Evaluator<Evaluation> {
  /** What was measured once so far. */
  once: OnceMeasured;
  /** How a policy ranks the held-out pairs of a dataset. */
  readonly #rank: EvaluateOptions["rank"];

  /** @param once What an earlier process has measured. */
  constructor(
    readonly parts: EvaluatorParts,
    { greedyBefore, greedyAfter, klAtOne }: OnceMeasured,
  ) {
    const { device, workload: { model, pairs }, start } = parts;
    this.#rank = pairs && pairRanker(device, model, pairs.evaluation, start);
    this.once = {
      ...(greedyBefore ? { greedyBefore } : {}),
      ...(greedyAfter ? { greedyAfter } : {}),
      ...(klAtOne === undefined ? {} : { klAtOne }),
    };
  }

  /** Whether these are steps after which the policy is evaluated. */
  isDue(steps: number): boolean {
    return this.parts.steps.includes(steps);
  }

  /** Prompts of the evaluation after so many steps: within the run the first of them only. */
  size(step: number): number {
    const { workload: { prompts: { evaluation: { length } } }, config } = this.parts;
    const { method: { steps }, data: { phasePrompts } } = config;
    return step === 0 || step === steps ? length : Math.min(length, phasePrompts);
  }

  /** Measures the policy. */
  async evaluate(
    { policy, step, steps, signal }: EvaluationRequest,
  ): Promise<Evaluated<Evaluation>> {
    const { device, workload: { known }, references, annotators, config } = this.parts;
    const { workload: { model, tokenizer, prompts: { evaluation } }, start, during } = this.parts;
    const { maxNew, temperature, topP } = config.sampling;
    const prompts = evaluation.slice(0, this.size(step));
    const options: PolicyOptions = {
      ...{ model, tokenizer, prompts, maxNew, signal, start },
      policy: step === 0 ? undefined : policy.adapter,
    };
    const now = (greedy: boolean) =>
      during(prompts.length, () =>
        evaluate(device, {
          ...{ ...options, ...(greedy ? { temperature: 0 } : { temperature, topP }) },
          ...{ annotator: annotators.evaluation, heldOut: annotators.heldOut, rank: this.#rank },
          against: references.slice(0, prompts.length),
          texts: textMetrics(known),
        }));
    const sampled = await now(false);
    const greedy = step === 0 || step === steps ? await now(true) : undefined;
    if (step === 0) this.once = { ...this.once, greedyBefore: greedy!.numbers };
    else if (step === steps) {
      const klAtOne = await during(prompts.length, () => temperatureOneKl(device, options));
      this.once = { ...this.once, greedyAfter: greedy!.numbers, klAtOne };
    }
    return {
      numbers: sampled.numbers,
      row: evaluationRow(sampled.numbers),
      answers: { sampled: sampled.answers, ...(greedy ? { greedy: greedy.answers } : {}) },
    };
  }
}
