import { assertEquals } from "@std/assert";
import { storiesConfig } from "../../support/run_settings.ts";
import { cadenceOf, evaluationSteps, methodName } from "../../../cli/flags/cadence.ts";

const config = (flags: string) => storiesConfig(flags).method;

Deno.test("methodName() is what the literature calls it", () => {
  for (
    const [flags, name] of [
      ["--steps 8 --phases 2", "bpo (dpo)"],
      ["--steps 8 --phases 1", "offline dpo"],
      ["--steps 8 --phases 1 --reference sft --loss ipo", "offline ipo"],
      ["--steps 8 --phases 8 --reference sft", "on-policy dpo"],
      ["--steps 8 --phases 2 --reference sft", "iterative dpo"],
      ["--steps 8 --reference ema", "dpo, ema reference"],
      ["--steps 8 --reference some/dir", "dpo, fixed reference"],
    ]
  ) assertEquals(methodName(config(flags), cadenceOf(config(flags))), name, flags);
});

Deno.test("evaluationSteps() are ends of phases, far enough apart, and always the end", () => {
  const steps = (flags: string, every: number) => evaluationSteps(cadenceOf(config(flags)), every);
  assertEquals(steps("--steps 10 --phases 4", 1), [3, 6, 9, 10]);
  assertEquals(steps("--steps 10 --phases 10", 4), [4, 8, 10]);
  assertEquals(steps("--steps 10 --phases 1", 3), [10]);
  assertEquals(steps("--steps 10 --refresh-every 2", 100), [10]);
});
