import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { completionLogps } from "../../core/mod.ts";
import { lossEvaluator } from "../../training/mod.ts";
import { deviceTest } from "../support/devices.ts";
import { modelFixture } from "../support/fixtures.ts";
import { charTokenizer as tokenizer } from "../support/tiny_task.ts";

deviceTest("lossEvaluator() counts every completion token alike", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const sequences = [{ ids: [1, 5, 6, 7, 8], promptLength: 2 }, { ids: [1, 9], promptLength: 1 }];
  const evaluator = lossEvaluator(sequences);
  assertEquals(evaluator.isDue, undefined);
  const request = { device, model, tokenizer, policy: { id: "start" }, step: 0, steps: 1 };
  const { numbers: { loss }, row } = await evaluator.evaluate(request);
  const { sums } = await completionLogps(device, model, sequences);
  assertAlmostEquals(loss, -(sums[0] + sums[1]) / 4, 1e-6);
  assertEquals(row, { eval_loss: loss, eval_rows: 2 });
  const signal = AbortSignal.abort(new Error("stop"));
  await assertRejects(() => evaluator.evaluate({ ...request, signal }), Error, "stop");
});

Deno.test("lossEvaluator() refuses nothing to measure on", () => {
  assertThrows(() => lossEvaluator([]), RangeError, "sequences is empty, expected at least 1");
});
