import { assertEquals } from "@std/assert";
import { buildAnnotators } from "../../../cli/judge/annotators.ts";
import { storiesConfig } from "../../support/run_settings.ts";
import { runOptions } from "../../../cli/train/run_options.ts";
import { replayed } from "../../../training/mod.ts";
import type { Workload } from "../../../cli/train/device/workload.ts";

const config = storiesConfig(
  "--loss ipo --steps 6 --phases 3 --pairs 4 --members 2 --lr 0.01 --schedule constant --seed 9 --checkpoint-every 5",
);
const workload = {
  ...{ model: { config: {} }, tokenizer: {}, prompts: { train: ["a", "b"], evaluation: [] } },
} as unknown as Workload;

Deno.test("runOptions() takes the flags to the library's names", async () => {
  const parts = {
    ...{ workload, config, policies: { reference: { kind: "sft" } as const } },
    annotators: await buildAnnotators("stories", 1),
  };
  const options = runOptions(parts);
  const { pairsPerStep, members, seed, checkpointEvery, reference, cadence } = options;
  assertEquals([pairsPerStep, members, seed, checkpointEvery], [4, 2, 9, 5]);
  assertEquals([reference, cadence?.steps, cadence?.phases], [{ kind: "sft" }, 6, 3]);
  assertEquals([0, 5].map((step) => (options.learningRate as (step: number) => number)(step)), [
    0.01,
    0.01,
  ]);
  assertEquals(typeof options.loss === "object" && options.loss.name, "ipo");
  assertEquals(options.source.entries, 2);
  const recorded = replayed([]);
  assertEquals(runOptions({ ...parts, recorded }).source, recorded);
});
