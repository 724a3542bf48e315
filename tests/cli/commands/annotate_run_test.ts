import { assertEquals, assertRejects } from "@std/assert";
import { openAnnotateRun } from "../../../cli/commands/annotate_run.ts";
import { openChained } from "../../../cli/folder/chained_log.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

const base = { kernelPath: "cpu", model: "m", policy: "p" };

Deno.test("openAnnotateRun() goes on with the same work only, and says which file is not as it was", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/rule.ts`, "one");
    const out = `${dir}/out.jsonl`, log = `${out}.verdicts.jsonl`, file = `${out}.run.json`;
    const flags = { annotator: `rule:${dir}/rule.ts`, seed: 1, out, resume: false, threads: 2 };
    const again = { ...flags, resume: true, threads: 3, limit: 9 };
    const other = { ...again, seed: 2 };
    const run = await openAnnotateRun(flags);
    assertEquals([run.log, run.lines], [log, []]);
    await run.begin(base);
    {
      using lines = await openChained(log);
      lines.append({ a: 1 });
    }
    assertEquals((await openAnnotateRun(again)).lines, [{ a: 1 }]);
    const refuse = (body: () => Promise<unknown>, message: string) =>
      assertRejects(body, UsageError, message);
    await refuse(() => openAnnotateRun(flags), "is already there");
    await refuse(() => openAnnotateRun(other), "--seed is 2, expected 1 as");
    const goOn = async (now: typeof base) => await (await openAnnotateRun(again)).begin(now);
    for (
      const [field, name] of Object.entries({
        kernelPath: "kernel path",
        model: "model's",
        policy: "policy's",
      })
    ) {
      await refuse(() => goOn({ ...base, [field]: "x" }), `the ${name}`);
    }
    await goOn(base);
    for (const path of [log, file]) {
      const bytes = await Deno.readFile(path);
      await Deno.writeFile(path, bytes.with(3, bytes[3] ^ 1));
      await refuse(() => openAnnotateRun(again), path);
      await Deno.writeFile(path, bytes);
    }
    await Deno.writeTextFile(`${dir}/rule.ts`, "two");
    await refuse(() => openAnnotateRun(again), "the rule's fingerprint is ");
    const both = await refuse(() => openAnnotateRun({ ...other, acceptChange: "rule" }), "--seed");
    assertEquals(both.message.includes("--accept-change"), false, "no advice that would not help");
    await (await openAnnotateRun({ ...again, acceptChange: "rule" })).begin(base);
    await goOn(base); // it stands there now
    await Deno.remove(file);
    await refuse(() => openAnnotateRun(again), `${file} is missing`);
    await refuse(() => openAnnotateRun({ ...flags, acceptChange: "rule" }), "without --resume");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
