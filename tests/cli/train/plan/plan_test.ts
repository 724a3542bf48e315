import { assertEquals, assertRejects } from "@std/assert";
import { readPlan } from "../../../../cli/train/plan/plan.ts";
import { UsageError } from "../../../../cli/terminal/mistake.ts";
import { sha256 } from "../../../../core/base/sha256.ts";
import { recordingTerminal, tinyWorkspace } from "../../../support/tiny_run.ts";
import { tinyFolder } from "../../../support/unopened_folder.ts";

Deno.test("readPlan() has the flags, the model's files and the fingerprint of the rule", async () => {
  using work = await tinyWorkspace();
  const rule = `${work.dir}/rule.js`;
  await Deno.writeTextFile(rule, "export default (_prompt, answer) => answer.length;\n");
  const seen: (string | undefined)[] = [];
  const folder = tinyFolder(work.dir, { annotator: `rule:${rule}`, maxNew: 100 }, {
    requireRule: (print) => void seen.push(print),
  });
  const terminal = recordingTerminal();
  using plan = await readPlan(folder, { terminal, usualNew: true });
  assertEquals(plan.rule, await sha256(await Deno.readTextFile(rule)));
  assertEquals(seen, [plan.rule]);
  assertEquals([plan.settings.maxNew, plan.config.sampling.maxNew], [32, 32]); // of 64 positions
  assertEquals(plan.files.prompts.evaluation.length, 6);
  assertEquals([plan.adapters, plan.replay], [{}, undefined]);
  assertEquals(terminal.lines, []);
});

Deno.test("readPlan() says a mistake in a rule first where it was typed, and leaves a folder's rule alone", async () => {
  using work = await tinyWorkspace();
  const rule = `${work.dir}/rule.js`;
  await Deno.writeTextFile(rule, "export default 5;\n");
  const terminal = recordingTerminal();
  const broken = { annotator: `rule:${rule}`, model: `${work.dir}/none` };
  const read = (isTyped: boolean) =>
    readPlan(tinyFolder(work.dir, broken, { isTyped }), { terminal });
  await assertRejects(() => read(true), UsageError, "rule.js");
  await assertRejects(() => read(false), Error, "Cannot open the model");
});
