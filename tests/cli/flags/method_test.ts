import { assertEquals } from "@std/assert";
import { parseFlags } from "../../../cli/flags/run_config.ts";
import {
  cadenceOf,
  evaluationSteps,
  lossOf,
  methodName,
  targetsOf,
} from "../../../cli/flags/method.ts";

function config(text: string) {
  const command = parseFlags(text.split(" "));
  if (command.kind !== "start") throw new Error("unreachable");
  return command.config;
}

Deno.test("lossOf() maps --beta to each loss's own option", () => {
  const options = (loss: string) => lossOf(config(`--loss ${loss} --beta 0.25`)).options;
  assertEquals(options("dpo").beta, 0.25);
  assertEquals(options("ipo"), { tau: 0.25, reduction: "mean" });
  assertEquals(options("slic"), { beta: 0.25 });
  assertEquals(options("slic-hf"), { delta: 4, lambda: 0.1 });
});

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

Deno.test("targetsOf() tells names from patterns", () => {
  assertEquals(targetsOf(undefined), undefined);
  assertEquals(targetsOf("all-linear"), "all-linear");
  assertEquals(targetsOf("q_proj, mlp.up_proj,"), ["q_proj", "mlp.up_proj"]);
  assertEquals(targetsOf(".*attn.*"), ".*attn.*");
});
