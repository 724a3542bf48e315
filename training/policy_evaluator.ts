// The measure of a run in one value: win rate, distance from the start and answers at its start and at the ends of phases.
import { evaluate, type EvaluateOptions, type Evaluation } from "./evaluate.ts";
import { evaluationRow } from "./evaluation_row.ts";
import type { Evaluator } from "./evaluator.ts";

/** What evaluations of a run need besides the policy. */
export interface PolicyEvaluatorOptions
  extends
    Omit<EvaluateOptions, "model" | "tokenizer" | "policy" | "signal">,
    Pick<Evaluator, "isDue"> {}

/**
 * Evaluates the policies of a run as `evaluate` does, for its stops and sinks.
 *
 * @example
 * ```ts
 * import { ruleAnnotator } from "@leash/bpo/core";
 * import { policyEvaluator } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const annotator = ruleAnnotator("short", (_prompt, answer) => -answer.length);
 * const isDue = (steps: number) => steps % 100 === 0;
 * const evaluator = policyEvaluator({ prompts: ["Hi"], maxNew: 8, annotator, isDue });
 * assertEquals(evaluator.isDue, isDue); // without it: at the end of each phase
 * ```
 *
 * Its `evaluate` throws TypeError where all weights have learnt: then nothing is left of the start.
 *
 * @param options Prompts, `maxNew`, an annotator or a ranking; what else `evaluate` takes, and `isDue`.
 */
export function policyEvaluator(
  { isDue, ...options }: PolicyEvaluatorOptions,
): Evaluator<Evaluation> {
  return {
    ...(isDue ? { isDue } : {}),
    async evaluate({ device, model, tokenizer, policy, step, signal }) {
      if (step > 0 && policy.adapter === undefined) {
        throw new TypeError(
          `Cannot evaluate the policy: ${policy.id} has no adapter and so no start to be compared with, expected a ` +
            "policy that has one. Measure all weights by lossEvaluator",
        );
      }
      const { numbers, answers } = await evaluate(device, {
        ...{ ...options, model, tokenizer, signal },
        policy: step === 0 ? undefined : policy.adapter,
      });
      return { numbers, row: evaluationRow(numbers), answers: { sampled: answers } };
    },
  };
}
