import { assertEquals } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { replayed } from "../../../training/mod.ts";
import { wholeRun } from "../../support/run_steps.ts";
import { tinyTask } from "../../support/tiny_task.ts";

Deno.test("replayed() gives each step its own pairs, whatever the order of the records and the phases are", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using options = await tinyTask(device);
  const whole = await wholeRun(device, options);
  const again = await wholeRun(device, {
    ...options,
    source: replayed(whole.records.toReversed()),
  });
  assertEquals(again.records.map(({ step }) => step), [1, 1, 1, 0, 0, 0, 3, 3, 3, 2, 2, 2]);
  assertEquals(again.end.counts?.generated, 0);
});

Deno.test("replayed() keeps what an ema reference said, and asks another one anew", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using ema = await tinyTask(device, { reference: { kind: "ema", rate: 0.3 } });
  const { records } = await wholeRun(device, ema);
  const kept = await wholeRun(device, { ...ema, source: replayed(records) });
  assertEquals(kept.records, records);
  const sft = await wholeRun(device, {
    ...{ ...ema, reference: { kind: "sft" }, source: replayed(records) },
  });
  assertEquals(new Set(sft.records.map(({ referenceId }) => referenceId)), new Set(["sft"]));
});
