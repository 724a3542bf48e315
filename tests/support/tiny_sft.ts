// Supervised fine-tuning that takes a moment: eight rows on the fixture tiny_llama, three batches an epoch.
import type { Device } from "../../backend/mod.ts";
import { scheduleByName, type TokenSequence } from "../../core/mod.ts";
import {
  completions,
  lossEvaluator,
  type LossNumbers,
  type SftRunOptions,
} from "../../training/mod.ts";
import { modelFixture } from "./fixtures.ts";
import { charTokenizer } from "./tiny_task.ts";

/** Rows of three tokens, the first their prompt. */
export const sftRows = (count: number): TokenSequence[] =>
  Array.from({ length: count }, (_, i) => ({ ids: [1, 5 + i, 40 + i], promptLength: 1 }));

/** Options of a run of two epochs. */
export async function tinySft(
  device: Device,
  changes: Partial<SftRunOptions<LossNumbers>> = {},
): Promise<SftRunOptions<LossNumbers> & Disposable> {
  const model = await modelFixture(device, "tiny_llama");
  return {
    ...{ model, tokenizer: charTokenizer, rank: 2, alpha: 4, seed: 5, epochs: 2 },
    source: completions(sftRows(8), { batchTokens: 9 }),
    learningRate: scheduleByName("linear", { base: 0.06, steps: 6 }),
    evaluator: lossEvaluator(sftRows(2)),
    ...changes,
    [Symbol.dispose]: () => model.weights[Symbol.dispose](),
  };
}
