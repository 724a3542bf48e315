import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  filesBelow,
  recordingTerminal,
  runTrain,
  tinyFlags,
  tinyWorkspace,
} from "../../support/tiny_run.ts";
import { sha256 } from "../../../core/base/sha256.ts";

const SMALL = "--eval-prompts 2 --members 1 --pairs 2 --max-new 4".split(" ");

/** Flags of a run by a rule that says when it runs; stopped in its middle. */
async function stoppedRun(dir: string): Promise<{ rule: string; run: string; ran: () => boolean }> {
  const rule = `${dir}/rule.ts`, run = `${dir}/run`, mark = `${dir}/ran`;
  const code = "export default (_: string, c: string): number => c.length;\n";
  await Deno.writeTextFile(rule, code);
  const controller = new AbortController();
  let steps = 0;
  await runTrain([...tinyFlags(dir), ...SMALL, "--annotator", `rule:${rule}`, "--out", run], {
    signal: controller.signal,
    terminal: {
      ...recordingTerminal(),
      status: (text) => {
        if (text.includes("training") && ++steps === 2) controller.abort(new Error("stop"));
      },
    },
  });
  return { rule, run, ran: () => filesBelow(dir).includes(mark.slice(dir.length + 1)) };
}

Deno.test("a rule that was edited is refused before it runs, and goes on where its change is accepted", async () => {
  using work = await tinyWorkspace();
  const { rule, run, ran } = await stoppedRun(work.dir);
  const mended = "export default (_: string, c: string): number => -c.length;\n";
  await Deno.writeTextFile(rule, `Deno.writeTextFileSync("${work.dir}/ran", "");\n${mended}`);
  const { code, lines } = await runTrain(["--resume", run]);
  assertEquals([code, ran()], [2, false]);
  assertStringIncludes(lines.at(-1)!, "the rule's fingerprint is ");
  assertStringIncludes(lines.at(-1)!, "go on with this by --accept-change rule");
  await Deno.writeTextFile(rule, mended);
  const accepted = await runTrain(["--resume", run, "--accept-change", "rule"]);
  assertEquals(accepted.code, 0, accepted.lines.join("\n"));
  const { history, rule: now } = JSON.parse(await Deno.readTextFile(`${run}/config.json`));
  assertEquals(now, await sha256(mended));
  assertEquals(history.map(({ field }: { field: string }) => field), ["rule"]);
});

Deno.test("the rule of a folder that was copied here does not run without --trust-rule", async () => {
  using work = await tinyWorkspace();
  const { run } = await stoppedRun(work.dir);
  const copy = `${work.dir}/copy`;
  for (const file of filesBelow(run)) {
    await Deno.mkdir(`${copy}/${file}`.replace(/[^/]*$/, ""), { recursive: true });
    await Deno.copyFile(`${run}/${file}`, `${copy}/${file}`);
  }
  const before = filesBelow(copy);
  const { code, lines } = await runTrain(["--resume", copy]);
  assertEquals([code, filesBelow(copy)], [2, before]);
  assertStringIncludes(lines.at(-1)!, "is named by a folder that was not begun here, expected one");
  const own = await runTrain(["--resume", run]);
  assertEquals(own.code, 0, own.lines.join("\n"));
});

Deno.test("a finished run is extended: the same bits as a longer run, where no schedule tells them apart", async () => {
  using work = await tinyWorkspace();
  const flags = [...tinyFlags(work.dir), ...SMALL, "--schedule", "constant", "--eval-every", "2"];
  const whole = `${work.dir}/whole`, run = `${work.dir}/run`;
  assertEquals(
    (await runTrain([...flags, "--steps", "6", "--phases", "3", "--out", whole])).code,
    0,
  );
  assertEquals((await runTrain([...flags, "--out", run])).code, 0);
  const fewer = await runTrain(["--resume", run, "--steps", "3"]);
  assertStringIncludes(
    fewer.lines.at(-1)!,
    "--steps is 3, expected more than the 4 that the run has",
  );
  const controller = new AbortController();
  const stopped = await runTrain(["--resume", run, "--steps", "6"], {
    signal: controller.signal,
    terminal: {
      ...recordingTerminal(),
      status: (text) => void (text.includes("training") && controller.abort(new Error("stop"))),
    },
  });
  assertEquals(stopped.code, 130);
  assert(!filesBelow(run).includes("summary.json"));
  const { code, lines } = await runTrain(["--resume", run, "--steps", "6"]);
  assertEquals(code, 0, lines.join("\n"));
  const adapter = "adapter/adapter_model.safetensors";
  assertEquals(
    await Deno.readFile(`${run}/${adapter}`),
    await Deno.readFile(`${whole}/${adapter}`),
  );
  const done = await runTrain(["--resume", run]);
  assertStringIncludes(done.lines[0], "is done");
});
