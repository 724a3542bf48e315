import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { dpo } from "../../losses/mod.ts";
import { Run } from "../../training/mod.ts";
import { wholeRun } from "../support/run_steps.ts";
import { deviceTest } from "../support/devices.ts";
import { tinyTask } from "../support/tiny_task.ts";

deviceTest(
  "Run has the learning rate of each step, and AdamW's constants",
  async (device) => {
    const rates = [0.01, 0.02, 0.005, 0];
    using options = await tinyTask(device, { learningRate: (step) => rates[step] });
    const { reports, end } = await wholeRun(device, options);
    assertEquals(reports.map(({ metrics }) => metrics.learning_rate), rates);
    const decayed = await wholeRun(device, { ...options, adamw: { weightDecay: 0.5 } });
    assertNotEquals(decayed.end.train.params, end.train.params);
    assertThrows(
      () => Run.start(device, { ...options, learningRate: () => NaN }),
      RangeError,
      "Cannot follow a schedule: its value at step 0 is NaN, expected a finite number",
    );
  },
  ["cpu"],
);

deviceTest(
  "Run draws at the temperature of the step that begins the phase",
  async (device) => {
    const temperature = (step: number) => step === 2 ? 0 : 1; // the second phase is greedy: equal answers
    using options = await tinyTask(device, { sampling: { temperature } });
    const { records } = await wholeRun(device, options);
    for (const phase of [0, 1]) {
      const equal = records.filter((r) => r.phase === phase && `${r.a.ids}` === `${r.b.ids}`);
      assertEquals(equal.length, phase === 0 ? 0 : 6);
    }
  },
  ["cpu"],
);

deviceTest("Run takes the loss of each step: β is scheduled", async (device) => {
  using options = await tinyTask(device, { members: 1 });
  const run = (beta: (step: number) => number) =>
    wholeRun(device, { ...options, loss: (step) => dpo({ beta: beta(step) }) });
  const fixed = await wholeRun(device, options);
  const same = await run(() => 0.1);
  assertEquals(same.end.train, fixed.end.train);
  const rising = await run((step) => step === 0 ? 0.1 : 0.4);
  const [, slow] = same.reports, [, fast] = rising.reports;
  // After a step with the same β: four times the reward for the same log-ratio.
  assertAlmostEquals(fast.metrics["rewards/margins"], 4 * slow.metrics["rewards/margins"], 1e-9);
  assertNotEquals(fast.metrics.loss, slow.metrics.loss);
});
