import { assertEquals, assertNotEquals } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { Learner } from "../../../training/pairs/learner.ts";
import { settle } from "../../../training/run_options.ts";
import { wholeRun } from "../../support/run_steps.ts";
import { tinyTask } from "../../support/tiny_task.ts";

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
