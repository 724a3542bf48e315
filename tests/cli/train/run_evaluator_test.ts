import { assertEquals } from "@std/assert";
import { storiesConfig } from "../../support/run_settings.ts";
import { type EvaluatorParts, RunEvaluator } from "../../../cli/train/run_evaluator.ts";

const parts = {
  workload: { prompts: { evaluation: Array(10).fill("p") } },
  config: storiesConfig("--steps 8 --phase-prompts 4"),
  steps: [2, 4, 8],
} as unknown as EvaluatorParts;

Deno.test("RunEvaluator is due at its steps, with all prompts at the start and at the end alone", () => {
  const evaluator = new RunEvaluator(parts, {});
  assertEquals([1, 2, 3, 4, 8].map((step) => evaluator.isDue(step)), [
    false,
    true,
    false,
    true,
    true,
  ]);
  assertEquals([0, 2, 4, 8].map((step) => evaluator.size(step)), [10, 4, 4, 10]);
});

Deno.test("RunEvaluator keeps what an earlier process has measured once", () => {
  assertEquals(new RunEvaluator(parts, { klAtOne: 3 }).once, { klAtOne: 3 });
  assertEquals(new RunEvaluator(parts, {}).once, {});
});
