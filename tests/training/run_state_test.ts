import { assertEquals } from "@std/assert";
import { cadence } from "../../scheduler/mod.ts";
import { Run } from "../../training/mod.ts";
import { finish, reread, Steps, wholeRun } from "../support/run_steps.ts";
import { deviceTest } from "../support/devices.ts";
import { tinyTask } from "../support/tiny_task.ts";

deviceTest(
  "Run.resume() counts updates, not steps: ties before a checkpoint change no bit after it",
  async (device) => {
    const sometimes = () => {
      let asked = 0; // 12 a run: 3 a step, and the first step's are ties
      return {
        name: "sometimes",
        annotate: (pairs: readonly unknown[]) =>
          Promise.resolve(
            pairs.map(() => ({ outcome: asked++ % 12 < 3 ? "tie" as const : "a" as const })),
          ),
      };
    };
    const plan = cadence({ steps: 4, phases: 1 });
    using options = await tinyTask(device, { cadence: plan, annotator: sometimes() });
    const whole = await wholeRun(device, options);
    using fresh = await tinyTask(device, { cadence: plan, annotator: sometimes() });
    using first = Run.start(device, fresh);
    const steps = new Steps(first);
    for (let step = 0; step < 2; step++) await steps.step();
    const saved = await first.capture();
    assertEquals([saved.step, saved.updates], [2, 1]);
    using second = Run.resume(device, options, reread(saved));
    await finish(second);
    assertEquals((await second.capture()).train, whole.end.train);
  },
  ["cpu"],
);
