import { assert, assertEquals } from "@std/assert";
import { CpuDevice } from "../../backend/cpu/device.ts";
import { memorySink, policyEvaluator, Run, stopAtKl } from "../../training/mod.ts";
import { letters, tinyTask } from "../support/tiny_task.ts";

Deno.test("policyEvaluator() measures the start and every phase, for sinks and stops", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const sink = memorySink();
  const evaluator = policyEvaluator({ prompts: ["ab", "x"], maxNew: 6, annotator: letters });
  using options = await tinyTask(device, { learningRate: 0.1, sinks: [sink], evaluator });
  using whole = Run.start(device, options);
  await whole.finish();
  const { evaluations } = whole;
  assertEquals(evaluations.map(({ step }) => step), [0, 2, 4]);
  const [start, first] = evaluations.map(({ numbers: { kl } }) => kl!);
  assertEquals(start, 0);
  assert(first > 0.01, `${first}`);
  const rows = sink.rows.metrics.flatMap((row) => "eval_kl" in row ? [row.eval_kl] : []);
  assertEquals(rows, evaluations.map(({ numbers: { kl } }) => kl));
  const sampled = sink.rows.answers as { sampled: readonly string[] }[];
  assertEquals(sampled.map((row) => row.sampled.length), [2, 2, 2]);
  using stopped = Run.start(device, { ...options, stops: [stopAtKl(first / 2)] });
  await stopped.finish();
  assertEquals(sink.end, { steps: 2, stopped: `the KL is ${first}, above ${first / 2} nats` });
});
