import { assertEquals } from "@std/assert";
import { cadence, type PairRecord } from "../../scheduler/mod.ts";
import { Run } from "../../training/mod.ts";
import { finish, reread, Steps, wholeRun } from "../support/run_steps.ts";
import { deviceTest } from "../support/devices.ts";
import { tinyTask } from "../support/tiny_task.ts";
import { RunState } from "../../training/run_state.ts";

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

Deno.test("RunState.remembered() forgets what no source asks for again, and what came back", () => {
  const answer = { text: "", ids: [4], finish: "stop" as const, logps: [-1], referenceLogp: -1 };
  const record = (phase: number): PairRecord => ({
    ...{ phase, step: phase, prompt: "p", promptIds: [1], a: answer, b: answer },
    ...{ verdict: { outcome: "a" }, snapshotId: "s", referenceId: "s" },
  });
  const state = new RunState(cadence({ steps: 3, phases: 3 }), undefined);
  assertEquals(state.remembered(2), []);
  for (const phase of [0, 1, 2]) {
    const old = { ...record(phase), replayedFrom: 0 };
    state.takePairs({ records: [record(phase), old], generated: 0 }, state.remembered(2));
  }
  assertEquals(state.remembered(2), [[record(1)], [record(2)]]);
  assertEquals(state.remembered(0), []);
});
