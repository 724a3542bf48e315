import { assertEquals, assertRejects } from "@std/assert";
import { Mistake } from "../../core/base/mistake.ts";
import { LogGone } from "../../files/jsonl.ts";
import { logPath, RunLogs } from "../../files/run_logs.ts";
import { STREAMS } from "../../training/mod.ts";

Deno.test("RunLogs are cut to their marks, one that was changed or not marked is told", async () => {
  const dir = await Deno.makeTempDir();
  let marks;
  {
    using logs = await RunLogs.open(dir);
    for (const stream of STREAMS) logs.of(stream).append({ stream });
    marks = await logs.sync();
    for (const stream of STREAMS) logs.of(stream).append({ stream, later: true });
  }
  const texts = () => Promise.all(STREAMS.map((stream) => Deno.readTextFile(logPath(dir, stream))));
  {
    using _logs = await RunLogs.open(dir, marks);
    assertEquals(await texts(), STREAMS.map((stream) => `{"stream":"${stream}"}\n`));
  }
  await Deno.writeTextFile(logPath(dir, "timing"), '{"stream":"gnimit"}\n');
  await assertRejects(() => RunLogs.open(dir, marks), Mistake, "timing.jsonl");
  {
    using _logs = await RunLogs.open(dir);
    assertEquals(await texts(), STREAMS.map(() => ""));
  }
  await Deno.remove(dir, { recursive: true });
});

Deno.test("RunLogs.sync() of a log that is gone throws when no log is at work any more", async () => {
  const dir = await Deno.makeTempDir();
  using logs = await RunLogs.open(dir);
  for (const stream of STREAMS) logs.of(stream).append({ stream });
  await Deno.remove(logPath(dir, STREAMS[0]));
  const slow = logs.of(STREAMS[1]), sync = slow.sync.bind(slow);
  let isDone = false;
  slow.sync = async () => {
    await sync();
    await new Promise((resolve) => setTimeout(resolve, 20));
    isDone = true;
  };
  await assertRejects(() => logs.sync(), LogGone);
  assertEquals(isDone, true);
  await Deno.remove(dir, { recursive: true });
});
