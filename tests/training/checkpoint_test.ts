import { assert, assertEquals } from "@std/assert";
import { NO_COUNTS, Run } from "../../training/mod.ts";
import { CpuDevice } from "../../backend/cpu/device.ts";
import { wholeRun } from "../support/run_steps.ts";
import { tinyTask } from "../support/tiny_task.ts";

Deno.test("NO_COUNTS is what a run has counted that has not begun", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using options = await tinyTask(device);
  using run = Run.start(device, options);
  assertEquals((await run.capture()).counts, NO_COUNTS);
  const { records, end: { counts } } = await wholeRun(device, options);
  const tokens = records.reduce((sum, { a, b }) => sum + a.ids.length + b.ids.length, 0);
  const { trained, ...others } = counts!;
  assertEquals(others, { pairs: 12, ties: 0, failed: 0, generated: tokens });
  assert(trained > tokens, "Expected prompts among the tokens that were trained on");
});
