import { assert, assertEquals, assertRejects } from "@std/assert";
import { CpuDevice } from "../../backend/cpu/device.ts";
import {
  lossEvaluator,
  type LossNumbers,
  memorySink,
  policyEvaluator,
  type SftCheckpoint,
  SftRun,
} from "../../training/mod.ts";
import { deviceTest } from "../support/devices.ts";
import { letters } from "../support/tiny_task.ts";
import { sftRows, tinySft } from "../support/tiny_sft.ts";

type Checkpoint = SftCheckpoint<LossNumbers>;

deviceTest("SftRun says what happens in order, and its sinks have the same", async (device) => {
  const sink = memorySink<Checkpoint>();
  const evaluator = lossEvaluator(sftRows(2), { isDue: (step) => step % 3 === 0 });
  using options = await tinySft(device, { sinks: [sink], evaluator, checkpointEvery: 4 });
  using run = SftRun.start(device, options);
  const kinds: string[] = [], losses: number[] = [], epochs: number[] = [];
  for await (const event of run.events()) {
    kinds.push(event.kind);
    if (event.kind !== "step") continue;
    losses.push(event.metrics.loss);
    epochs.push(event.epoch!);
  }
  assertEquals(kinds, [
    ...["evaluation", "checkpoint", "step", "step", "step", "evaluation", "step", "checkpoint"],
    ...["step", "step", "evaluation", "phaseEnd", "checkpoint", "done"],
  ]);
  assertEquals(epochs, [1 / 3, 2 / 3, 1, 1 + 1 / 3, 1 + 2 / 3, 2]);
  assert(losses[5] < losses[0], `${losses}`);
  const rows = sink.rows.metrics as Readonly<Record<string, number>>[];
  assertEquals(rows.map(({ step }) => step), [0, 1, 2, 3, 3, 4, 5, 6, 6]);
  assertEquals(rows.map(({ eval_rows }) => eval_rows ?? 0), [2, 0, 0, 0, 2, 0, 0, 0, 2]);
  assertEquals(run.evaluations.map(({ step }) => step), [0, 3, 6]);
  assert(run.evaluations[2].numbers.loss < run.evaluations[0].numbers.loss);
  assertEquals([run.stepsDone, run.done, run.tokens, sink.end], [6, true, 48, { steps: 6 }]);
  assertEquals(sink.state, await run.capture());
});

for (const allWeights of [false, true]) {
  Deno.test(`SftRun.resume() goes on to the bit, ${allWeights ? "all weights" : "an adapter"}`, async () => {
    using device = await CpuDevice.open({ threads: 1 });
    const whole = memorySink<Checkpoint>(), states: Checkpoint[] = [];
    const keep = {
      append: () => {},
      checkpoint(state: Checkpoint) {
        states.push(structuredClone(state));
      },
    };
    using options = await tinySft(device, { allWeights, checkpointEvery: 2 });
    using first = SftRun.start(device, { ...options, sinks: [whole, keep] });
    await first.finish();
    assertEquals(states.map(({ step }) => step), [0, 2, 4, 6]);
    for (const state of states) {
      const rest = memorySink<Checkpoint>();
      using run = SftRun.resume(device, { ...options, sinks: [rest] }, state);
      await run.finish();
      assertEquals(await run.capture(), whole.state);
      const rows = whole.rows.metrics as { step: number }[];
      assertEquals(rest.rows.metrics, rows.filter(({ step }) => step > state.step));
    }
  });
}

deviceTest(
  "SftRun ends between two steps by a signal, with that moment kept, and by a stop",
  async (device) => {
    const sink = memorySink<Checkpoint>(), controller = new AbortController();
    using options = await tinySft(device, { sinks: [sink] });
    using run = SftRun.start(device, options);
    const on = {
      step: ({ step }: { step: number }) =>
        void (step === 1 && controller.abort(new Error("enough"))),
    };
    await assertRejects(() => run.finish({ signal: controller.signal, on }), Error, "enough");
    assertEquals([run.stepsDone, sink.state?.step], [2, 2]);
    const stops = [({ step }: { step: number }) => step === 3 ? "three" : undefined];
    using short = SftRun.start(device, { ...options, stops });
    await short.finish();
    assertEquals([short.stepsDone, sink.end?.stopped], [3, "three"]);
  },
  ["cpu"],
);

deviceTest(
  "policyEvaluator() measures an adapter that is fine-tuned, and refuses all weights by one line",
  async (device) => {
    const evaluator = policyEvaluator({ prompts: ["ab", "c"], maxNew: 4, annotator: letters });
    using options = await tinySft(device);
    const { evaluator: _loss, stops: _stops, ...others } = options;
    using run = SftRun.start(device, { ...others, evaluator });
    await run.finish();
    assert(run.evaluations[1].numbers.kl !== 0);
    using all = SftRun.start(device, { ...others, evaluator, allWeights: true });
    await assertRejects(() => all.finish(), TypeError, "weights has no adapter");
  },
  ["cpu"],
);
