import { assertEquals } from "@std/assert";
import { cadence } from "../../scheduler/mod.ts";
import { Alignment } from "../../training/mod.ts";
import { finish, reread, wholeRun } from "../support/alignment_run.ts";
import { deviceTest } from "../support/devices.ts";
import { tinyTask } from "../support/tiny_task.ts";

deviceTest(
  "Alignment.resume() counts updates, not steps: ties before a checkpoint change no bit after it",
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
    using first = Alignment.start(device, { ...options, annotator: sometimes() });
    await first.collect();
    for (let step = 0; step < 2; step++) await first.step();
    const saved = await first.capture();
    assertEquals([saved.step, saved.updates], [2, 1]);
    using second = Alignment.resume(device, options, reread(saved));
    await finish(second);
    assertEquals((await second.capture()).train, whole.end.train);
  },
  ["cpu"],
);
