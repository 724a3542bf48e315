import { assertEquals } from "@std/assert";
import { dpo } from "../../losses/mod.ts";
import { cadence } from "../../scheduler/mod.ts";
import {
  evaluate,
  evaluationRow,
  memorySink,
  online,
  Run,
  stopAtWinRate,
  winRateEvaluator,
} from "../../training/mod.ts";
import { deviceTest } from "../support/devices.ts";
import { modelFixture } from "../support/fixtures.ts";
import { alternating, charTokenizer as tokenizer, letters } from "../support/tiny_task.ts";

deviceTest(
  "winRateEvaluator() has the numbers of evaluate() for the policy of that moment",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const how = { prompts: ["ab", "Hello", "x"], annotator: letters, maxNew: 6 };
    const texts = [{ name: "answers", measure: (all: readonly string[]) => all.length }];
    const sink = memorySink();
    using run = Run.start(device, {
      ...{ model, tokenizer, loss: dpo({ beta: 0.1 }), learningRate: 0.05, sinks: [sink] },
      source: online({ prompts: ["ab", "x"], annotator: alternating(), maxNew: 6 }),
      ...{ cadence: cadence({ steps: 3, phases: 1 }), pairsPerStep: 2 },
      evaluator: winRateEvaluator({ ...how, texts, isDue: (steps) => steps === 2 }),
      stops: [stopAtWinRate(0.01)],
    });
    await run.finish();
    assertEquals(run.stepsDone, 2, "Expected a stop at the only evaluation after a step");
    assertEquals(run.evaluations.map(({ step }) => step), [0, 2]);
    using now = run.snapshotNow("now");
    const policies = [undefined, now.adapter()];
    const rows: readonly object[] = sink.rows.metrics.filter((row) => "eval_kl" in row);
    for (const [i, policy] of policies.entries()) {
      const { numbers, answers } = await evaluate(device, {
        ...how,
        texts,
        model,
        tokenizer,
        policy,
      });
      const { step, phase } = run.evaluations[i];
      assertEquals(run.evaluations[i].numbers, numbers);
      assertEquals(sink.rows.answers[i], { phase, step, sampled: answers });
      assertEquals(rows[i], { step, phase, ...evaluationRow(numbers) });
    }
  },
  ["cpu"],
);
