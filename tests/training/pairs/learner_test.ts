import { assertAlmostEquals, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { Learner } from "../../../training/pairs/learner.ts";
import { settle } from "../../../training/run_options.ts";
import { finish, Steps, wholeRun } from "../../support/run_steps.ts";
import { tinyTask } from "../../support/tiny_task.ts";
import { dpo, type PreferenceLoss } from "../../../losses/mod.ts";
import { Run } from "../../../training/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { Mistake } from "../../../core/base/mistake.ts";
import { cadence } from "../../../scheduler/mod.ts";

Deno.test("Learner freezes a phase's snapshot once, and an ema reference follows at its rate", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using options = await tinyTask(device, { reference: { kind: "ema", rate: 1 } });
  const { records } = await wholeRun(device, options);
  using learner = Learner.start(device, settle(options));
  learner.refresh(0);
  const { behaviour } = learner;
  assertEquals([behaviour.id, learner.reference.id], ["snapshot-0", "ema-0"]);
  const first = records.filter(({ step }) => step === 0);
  assertEquals((await learner.train(0, first)).pairs, 3);
  learner.refresh(0);
  assertEquals(learner.behaviour, behaviour, "the phase has begun already");
  const before = await learner.capture();
  learner.refresh(2);
  const after = await learner.capture();
  assertEquals([learner.behaviour.id, learner.reference.id], ["snapshot-2", "ema-2"]);
  assertNotEquals(after.snapshot?.params, before.snapshot?.params);
  assertEquals(after.ema, before.train.params, "at rate 1 the average is the members");
  using again = Learner.resume(device, settle(options), after);
  assertEquals(await again.capture(), after);
  assertEquals([again.behaviour.id, again.reference.id], ["snapshot-2", "ema-2"]);
});

Deno.test("Learner counts a step without a winner as none", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using options = await tinyTask(device);
  using learner = Learner.start(device, settle(options));
  const before = await learner.capture();
  assertEquals(await learner.train(0, []), { pairs: 0, metrics: {} });
  assertEquals(await learner.capture(), before);
});

deviceTest(
  "Run's first update is of AdamW's full size, however many steps had no pair before it",
  async (device) => {
    let asked = 0;
    const annotator = {
      name: "late",
      annotate: (pairs: readonly unknown[]) =>
        Promise.resolve(
          pairs.map(() => ({ outcome: asked++ < 6 ? "tie" as const : "a" as const })),
        ),
    };
    using options = await tinyTask(device, {
      annotator,
      cadence: cadence({ steps: 4, phases: 4 }),
      learningRate: 0.01,
    });
    using run = Run.start(device, options);
    const start = await run.capture();
    const steps = new Steps(run);
    for (let step = 0; step < 3; step++) await steps.step(); // two of ties, one that trains
    const end = await run.capture();
    assertEquals([end.step, end.updates], [3, 1]);
    const moved = end.train.params.map((x, i) => Math.abs(x - start.train.params[i]));
    // m̂/√v̂ is ±1 after one update: every parameter with a gradient moves by the learning rate.
    assertAlmostEquals(
      moved.reduce((a, b) => Math.max(a, b)),
      0.01,
      1e-5,
    );
  },
  ["cpu"],
);

deviceTest(
  "a step that diverges throws, leaves the run as it was, and can be tried again",
  async (device) => {
    let broken = false;
    const sound = dpo({ beta: 0.1 });
    const loss: PreferenceLoss = {
      ...sound,
      wgsl: undefined,
      value: (x) => broken ? NaN : sound.value(x),
      slopes: (x) => broken ? { dw: Infinity, dl: NaN } : sound.slopes(x),
    };
    using options = await tinyTask(device, { loss });
    const whole = await wholeRun(device, options);
    using run = Run.start(device, options);
    const steps = new Steps(run);
    await steps.step();
    const before = await run.capture();
    broken = true;
    const live = device.stats().live;
    await assertRejects(() => steps.step(), Mistake, "Cannot go on after step 1: the loss is NaN");
    const after = await run.capture();
    assertEquals([after.train, after.step, after.updates], [before.train, 1, before.updates]);
    assertEquals(device.stats().live, live);
    broken = false;
    await finish(run);
    assertEquals((await run.capture()).train, whole.end.train);
  },
);

deviceTest(
  "Run averages members by the rate of the step that begins the phase",
  async (device) => {
    using options = await tinyTask(device);
    const asked: number[] = [];
    const rate = (step: number) => (asked.push(step), 0.25);
    const scheduled = await wholeRun(device, { ...options, reference: { kind: "ema", rate } });
    const steady = await wholeRun(device, { ...options, reference: { kind: "ema", rate: 0.25 } });
    assertEquals(asked, [2]);
    assertEquals(scheduled.end.ema, steady.end.ema);
    assertEquals(scheduled.end.train, steady.end.train);
  },
  ["cpu"],
);

Deno.test("Learner says a gradient that is none, and holds each pair to the snapshot that wrote it", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using options = await tinyTask(device);
  const { records } = await wholeRun(device, options);
  const first = records.filter(({ step }) => step === 0);
  const sound = dpo({ beta: 0.1 });
  const steep: PreferenceLoss = {
    ...sound,
    wgsl: undefined,
    slopes: () => ({ dw: Infinity, dl: Infinity }),
  };
  using broken = Learner.start(device, settle({ ...options, loss: steep }));
  await assertRejects(() => broken.train(0, first), Mistake, "and the gradient norm");
  using learner = Learner.start(device, settle(options));
  await assertRejects(
    () => learner.train(0, first.map((record) => ({ ...record, referenceId: "sft" }))),
    RangeError,
    "its snapshot is snapshot-0 and the reference is sft",
  );
});
