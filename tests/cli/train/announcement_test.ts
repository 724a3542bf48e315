import { assertEquals } from "@std/assert";
import { aboutRun, announce } from "../../../cli/train/announcement.ts";
import { storiesConfig } from "../../support/run_settings.ts";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import type { Workload } from "../../../cli/train/device/workload.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";

const config = storiesConfig("--steps 6 --phases 3 --pairs 1 --members 2");
const workload = {
  ...{ modelName: "the model", parameters: 1_234_567 },
  prompts: { train: ["a", "b", "c"], evaluation: ["d"] },
} as unknown as Workload;

Deno.test("announce() says model, run and folder in three lines", () => {
  const terminal = recordingTerminal();
  announce(terminal, { config, workload }, { dir: "runs/x" });
  assertEquals(terminal.lines, [
    "Model: the model, 1.23 million parameters",
    "Run: bpo (dpo), 6 steps of 1 pair in 3 phases, 2 members, seed 1; 3 prompts to train on, 1 to evaluate on",
    "Folder: runs/x",
  ]);
});

Deno.test("aboutRun() has what readers of config.json ask for", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const { method, phases, refreshEvery, prompts, model } = aboutRun({ config, device, workload });
  assertEquals([method, phases, refreshEvery], ["bpo (dpo)", 3, 2]);
  assertEquals(prompts, { train: 3, evaluation: 1 });
  assertEquals(model, { name: "the model", parameters: 1_234_567 });
});
