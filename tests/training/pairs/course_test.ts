import { assertEquals } from "@std/assert";
import { cadence } from "../../../scheduler/mod.ts";
import { memorySink, Run } from "../../../training/mod.ts";
import { finish, reread, Steps, wholeRun } from "../../support/run_steps.ts";
import { deviceTest } from "../../support/devices.ts";
import { always, tinyTask } from "../../support/tiny_task.ts";
import { PairCourse } from "../../../training/pairs/course.ts";
import { settle } from "../../../training/run_options.ts";
import { Learner } from "../../../training/pairs/learner.ts";

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

deviceTest(
  "PairCourse.isDue() where a phase has no pairs yet, and never after the last step",
  async (device) => {
    using options = await tinyTask(device, { cadence: cadence({ steps: 4, phases: 2 }) });
    const settled = settle(options);
    using course = new PairCourse(device, settled, Learner.start(device, settled), undefined);
    const due = () => [0, 1, 2, 3, 4].filter((step) => course.isDue(step));
    assertEquals(due(), [0, 2]);
    await course.begin({ phase: 0, step: 0 }, memorySink());
    assertEquals(due(), [2]);
  },
  ["cpu"],
);

deviceTest(
  "PairCourse.begin() tells of a phase without a winner, and keeps its rows",
  async (device) => {
    const annotator = always({ outcome: "tie" });
    using options = await tinyTask(device, {
      cadence: cadence({ steps: 2, phases: 1 }),
      annotator,
    });
    const settled = settle(options), sink = memorySink();
    using course = new PairCourse(device, settled, Learner.start(device, settled), undefined);
    const [pairs, warning, none] = await course.begin({ phase: 0, step: 0 }, sink);
    assertEquals([pairs.kind, warning.kind, none], ["pairs", "warning", undefined]);
    assertEquals(sink.rows.pairs, course.pairs.records);
    assertEquals(sink.rows.metrics.length, 1);
    const { examples, epoch } = await course.train(0, 0);
    assertEquals([examples, epoch], [0, 3 / 5]); // three of five prompts
  },
  ["cpu"],
);
