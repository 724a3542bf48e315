// The measure of supervised fine-tuning: the loss on held-out sequences.
import { completionLogps, mean, type TokenSequence } from "../core/mod.ts";
import type { EvaluationNumbers, Evaluator } from "./evaluator.ts";

/** Numbers of a policy on held-out sequences. */
export interface LossNumbers extends EvaluationNumbers {
  /** Mean negative log-prob of a completion token, nats. */
  readonly loss: number;
}

/**
 * Measures the loss on sequences that nobody learns from: rows `eval_loss` and `eval_rows`.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { tinyModel } from "@leash/bpo/core";
 * import { lossEvaluator } from "@leash/bpo/training";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const evaluator = lossEvaluator([{ ids: [1, 5, 2], promptLength: 1 }]);
 * const special = { vocabSize: 16, bosId: 1, eosId: 2, padId: 0 };
 * const tokenizer = { ...special, encode: () => [], decode: () => "" }; // it asks for no text
 * const policy = { id: "start" };
 * const { numbers } = await evaluator.evaluate({ device, model, tokenizer, policy, step: 0, steps: 1 });
 * assert(numbers.loss > 0);
 * ```
 *
 * @param sequences Token ids, the prompt's first; borrowed.
 * @param options `isDue`: after which steps; default the last.
 * @throws {RangeError} If there is no sequence.
 */
export function lossEvaluator(
  sequences: readonly TokenSequence[],
  { isDue }: Pick<Evaluator, "isDue"> = {},
): Evaluator<LossNumbers> {
  if (sequences.length === 0) {
    throw new RangeError("Cannot measure the loss: sequences is empty, expected at least 1");
  }
  return {
    ...(isDue ? { isDue } : {}),
    async evaluate({ device, model, policy: { adapter }, signal }) {
      signal?.throwIfAborted();
      const { perToken } = await completionLogps(device, model, sequences, { adapter });
      const tokens = perToken.reduce((sum, { length }) => sum + length, 0);
      const loss = -perToken.reduce((sum, logps) => sum + mean(logps) * logps.length, 0) / tokens;
      return { numbers: { loss }, row: { eval_loss: loss, eval_rows: sequences.length } };
    },
  };
}
