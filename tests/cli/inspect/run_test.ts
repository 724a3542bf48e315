import { assertEquals, assertRejects } from "@std/assert";
import { inspectRun } from "../../../cli/inspect/run.ts";
import { commandWorkspace, tinyMembers, writeRun } from "../../support/command_run.ts";

Deno.test("inspectRun() says how far a run is and where its adapter lies", async () => {
  using work = await commandWorkspace();
  const dir = `${work.dir}/run`;
  await writeRun(dir, `${work.dir}/model`, await tinyMembers(2));
  const report = await inspectRun(dir);
  assertEquals([report.step, report.finished, report.pairs], [4, false, 2]);
  assertEquals(report.adapter, `${dir}/adapter`);
  await Deno.writeTextFile(`${dir}/summary.json`, "{}");
  assertEquals((await inspectRun(dir)).finished, true);
  await Deno.writeTextFile(`${dir}/config.json`, '{"format":"leash-run-9"}');
  await assertRejects(() => inspectRun(dir), Error, 'has format "leash-run-9"');
});
