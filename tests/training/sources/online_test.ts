import { assertEquals } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { cadence } from "../../../scheduler/mod.ts";
import { bestAndWorst, online } from "../../../training/mod.ts";
import { wholeRun } from "../../support/run_steps.ts";
import { letters, tinyTask } from "../../support/tiny_task.ts";

Deno.test("online() asks for new pairs every phase, by its newest snapshot", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const seen: number[] = [];
  const annotator = {
    ...letters,
    annotate: (
      pairs: Parameters<typeof letters.annotate>[0],
    ) => (seen.push(pairs.length), letters.annotate(pairs)),
  };
  const source = online({
    prompts: ["ab", "x"],
    annotator,
    maxNew: 3,
    answers: 3,
    selector: bestAndWorst(),
  });
  using options = await tinyTask(device, { source, cadence: cadence({ steps: 2, phases: 2 }) });
  const { records } = await wholeRun(device, options);
  assertEquals(records.map(({ snapshotId }) => snapshotId), [
    ...Array(3).fill("snapshot-0"),
    ...Array(3).fill("snapshot-1"),
  ]);
  assertEquals(records.every(({ group }) => group?.size === 3), true);
  assertEquals(seen.slice(0, 1), [6]); // three prompts, each with two meetings of three answers
  assertEquals(source.entries, 2);
});
