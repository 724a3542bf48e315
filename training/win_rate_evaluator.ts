// The evaluator of a run that compares its answers with where it started, with texts or with another policy.
import type { Cadence } from "../scheduler/cadence.ts";
import { evaluate, type EvaluateOptions, type Evaluation } from "./evaluate.ts";
import { evaluationRow } from "./evaluation_row.ts";
import type { Evaluator } from "./evaluator.ts";

/** What a run's evaluations are made with: what `evaluate` takes, besides what the run knows. */
export interface WinRateEvaluatorOptions
  extends Omit<EvaluateOptions, "model" | "tokenizer" | "policy" | "signal"> {
  /** Whether the policy after so many steps is evaluated, from 1; default at the end of each phase. */
  readonly isDue?: (steps: number, cadence: Cadence) => boolean;
}

/**
 * Measures a run's policy by `evaluate`: the win rate that `stopAtWinRate` and `patience` look at, the KL that `stopAtKl`
 * looks at, a row of `metrics`, and the answers as `sampled`.
 *
 * @example
 * ```ts
 * import { ruleAnnotator, tinyModel } from "@leash/bpo/core";
 * import { openDevice } from "@leash/bpo/backend";
 * import { dpo } from "@leash/bpo/losses";
 * import { cadence } from "@leash/bpo/scheduler";
 * import { memorySink, online, Run, winRateEvaluator } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const tokenizer = {
 *   ...{ vocabSize: 16, bosId: 1, eosId: 2, padId: 0 },
 *   encode: (text: string) => Array.from(text, (c) => 3 + c.charCodeAt(0) % 13),
 *   decode: (ids: ArrayLike<number>) => Array.from(ids, (id) => String.fromCharCode(97 + id)).join(""),
 * };
 * const annotator = ruleAnnotator("more e", (_, text) => text.split("e").length);
 * const sink = memorySink();
 * using run = Run.start(device, {
 *   ...{ model, tokenizer, loss: dpo({ beta: 0.1 }), learningRate: 1e-3, sinks: [sink] },
 *   source: online({ prompts: ["ab", "c"], annotator, maxNew: 8 }),
 *   cadence: cadence({ steps: 2, phases: 1 }),
 *   evaluator: winRateEvaluator({ prompts: ["d", "e"], annotator, maxNew: 8 }),
 * });
 * await run.finish();
 * assertEquals(run.evaluations.map(({ step, numbers }) => [step, numbers.winRate.n]), [[0, 2], [2, 2]]);
 * ```
 */
export function winRateEvaluator(
  { isDue, ...options }: WinRateEvaluatorOptions,
): Evaluator<Evaluation> {
  return {
    ...(isDue && { isDue }),
    async evaluate({ device, model, tokenizer, policy, signal }) {
      const { numbers, answers } = await evaluate(device, {
        ...{ ...options, model, tokenizer, signal },
        policy: policy.adapter,
      });
      return { numbers, row: evaluationRow(numbers), answers: { sampled: answers } };
    },
  };
}
