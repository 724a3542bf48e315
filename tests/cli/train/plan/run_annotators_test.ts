import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { buildAnnotators } from "../../../../cli/judge/annotators.ts";
import { RunAnnotators } from "../../../../cli/train/plan/run_annotators.ts";
import { UsageError } from "../../../../cli/terminal/mistake.ts";
import { storiesConfig } from "../../../support/run_settings.ts";

const trusting = { dir: "run", requireTrusted: () => Promise.resolve() };
const distrusting = {
  dir: "run",
  requireTrusted: (rule: string) => Promise.reject(new Error(`not ${rule}`)),
};

Deno.test("RunAnnotators opens once, whoever asks first", async () => {
  using annotators = new RunAnnotators(storiesConfig("--annotator stories-judge"), {});
  assertEquals(annotators.ruleFile, undefined);
  const first = await annotators.open(distrusting); // no file's rule: nobody is asked for trust
  assertEquals(first.training.name, "stories-judge");
  assertStrictEquals(await annotators.open(trusting), first);
});

Deno.test("RunAnnotators runs no rule that its folder does not trust, and none where others are given", async () => {
  const config = storiesConfig("--annotator rule:no-such.ts");
  using annotators = new RunAnnotators(config, {});
  assertEquals(annotators.ruleFile, "no-such.ts");
  await assertRejects(() => annotators.open(distrusting), Error, "not no-such.ts");
  await assertRejects(() => annotators.open(trusting), UsageError, "no-such.ts");
  const others = await buildAnnotators("stories", 1);
  using given = new RunAnnotators(config, { annotators: others });
  assertStrictEquals(await given.open(distrusting), others);
});

Deno.test("RunAnnotators refuses nobody, but where a dataset's preferences are learnt", () => {
  const config = storiesConfig("--annotator none");
  assertThrows(() => new RunAnnotators(config, {}), UsageError, "--annotator is none");
  const offline = { ...config, method: { ...config.method, offline: true } };
  using _nobody = new RunAnnotators(offline, {});
});
