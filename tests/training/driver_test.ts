import { assertEquals, assertRejects } from "@std/assert";
import { CpuDevice } from "../../backend/cpu/device.ts";
import {
  type Evaluator,
  memorySink,
  Run,
  type RunEvent,
  stopAtWinRate,
} from "../../training/mod.ts";
import { finish, Steps } from "../support/run_steps.ts";
import { always, tinyTask } from "../support/tiny_task.ts";

const kinds = async (run: Run): Promise<string[]> => {
  const seen: string[] = [];
  await finish(run, ({ kind }: RunEvent) => void seen.push(kind));
  return seen;
};
const rates = (...values: number[]): Evaluator & { at: number[] } => ({
  at: [],
  evaluate({ step, policy }) {
    this.at.push(step);
    assertEquals(policy.adapter === undefined, step === 0);
    return Promise.resolve({
      numbers: { winRate: { value: values[this.at.length - 1] } },
      row: { eval_win_rate: values[this.at.length - 1] },
      answers: { sampled: ["x"] },
    });
  },
});
const PHASE = ["phase", "pairs", "checkpoint", "step", "step"];

Deno.test("a run says what happens in order, and its sinks have the same", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const sink = memorySink(), evaluator = rates(0.5, 0.6, 0.7);
  using options = await tinyTask(device, { evaluator, sinks: [sink], checkpointEvery: 1 });
  using run = Run.start(device, options);
  const phase = [
    ...PHASE.slice(0, 4),
    "checkpoint",
    "step",
    "evaluation",
    "phaseEnd",
    "checkpoint",
  ];
  assertEquals(await kinds(run), ["evaluation", "checkpoint", ...phase, ...phase, "done"]);
  assertEquals(evaluator.at, [0, 2, 4]);
  const { metrics, pairs, answers, timing } = sink.rows;
  assertEquals([pairs.length, answers.length, timing.length], [12, 3, 2]);
  const losses = metrics.filter((row) => "loss" in row);
  const epochs = losses.map((row) => "epoch" in row && row.epoch); // three of five prompts a step
  assertEquals(epochs, [3 / 5, 6 / 5, 9 / 5, 12 / 5]);
  assertEquals([losses.length, metrics.length], [4, 4 + 2 + 3]);
  assertEquals(sink.end, { steps: 4 });
  assertEquals(sink.state, await run.capture());
});

Deno.test("a run ends early where a stop says so, and stays ended when it goes on", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const sink = memorySink();
  const stops = [stopAtWinRate(0.6)];
  using options = await tinyTask(device, { evaluator: rates(0.5, 0.6), sinks: [sink], stops });
  using run = Run.start(device, options);
  const seen = await kinds(run);
  assertEquals(seen.slice(2), [...PHASE, "evaluation", "phaseEnd", "checkpoint", "done"]);
  const stopped = "the win rate is 0.6, at least 0.6";
  assertEquals([run.done, run.stepsDone, sink.end], [true, 2, { steps: 2, stopped }]);
  using again = Run.resume(device, options, await run.capture());
  assertEquals(await kinds(again), ["done"]);
});

Deno.test("a run warns of a phase in which nobody won, and goes on", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using options = await tinyTask(device, { annotator: always({ outcome: "tie" }) });
  using run = Run.start(device, options);
  const warnings: string[] = [];
  await run.finish({ on: { warning: ({ message }) => void warnings.push(message) } });
  assertEquals([warnings.length, run.stepsDone], [2, 4]);
});

Deno.test("an abort leaves a checkpoint of the moment between two steps", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const sink = memorySink(), end = new AbortController();
  using options = await tinyTask(device, { sinks: [sink] });
  using run = Run.start(device, options);
  const steps = new Steps(run, end.signal);
  await steps.step();
  end.abort(new Error("enough"));
  await assertRejects(() => steps.step(), Error, "enough");
  assertEquals([sink.state?.step, run.stepsDone, sink.end], [1, 1, undefined]);
});

Deno.test("a run that is left before a step is evaluated is evaluated where it goes on", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using options = await tinyTask(device, { evaluator: rates(0.5, 0.6, 0.7) });
  using whole = Run.start(device, options);
  await finish(whole);
  using first = Run.start(device, { ...options, evaluator: rates(0.5) });
  const steps = new Steps(first);
  for (let step = 0; step < 2; step++) await steps.step(); // the second ends its phase
  using second = Run.resume(
    device,
    { ...options, evaluator: rates(0.6, 0.7) },
    await first.capture(),
  );
  assertEquals((await kinds(second)).slice(0, 3), ["evaluation", "phaseEnd", "checkpoint"]);
  assertEquals(second.evaluations, whole.evaluations);
  assertEquals((await second.capture()).train, (await whole.capture()).train);
});
