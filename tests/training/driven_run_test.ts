import { assertEquals, assertRejects } from "@std/assert";
import { CpuDevice } from "../../backend/cpu/device.ts";
import { Run } from "../../training/mod.ts";
import { tinyTask } from "../support/tiny_task.ts";

Deno.test("finish() awaits a listener before the run goes on, and ends by what it throws", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using options = await tinyTask(device);
  using run = Run.start(device, options);
  const seen: string[] = [];
  const failing = run.finish({
    on: {
      async pairs() {
        await new Promise((resolve) => setTimeout(resolve, 5));
        seen.push("pairs");
      },
      step({ step }) {
        seen.push(`step ${step}`);
        if (step === 1) throw new Error("enough");
      },
    },
  });
  await assertRejects(() => failing, Error, "enough");
  assertEquals(seen.slice(0, 2), ["pairs", "step 0"]);
  assertEquals([run.stepsDone, run.done], [2, false]);
  await run.finish(); // goes on where it was left
  assertEquals(run.done, true);
});
