import { assertEquals, assertRejects } from "@std/assert";
import { folderKind } from "../../../cli/inspect/kind.ts";
import { inspectRun, inspectSftRun } from "../../../cli/inspect/run.ts";
import { FORMATS, writeIdentity } from "../../../cli/folder/run_folder.ts";
import { sftRequest } from "../../../cli/sft/request.ts";
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

Deno.test("inspectSftRun() says what is trained, how far it is, and where the result is", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const { config } = await sftRequest({ data: "rows.jsonl", steps: 5, rank: 4 });
    await writeIdentity(dir, { config, kernelPath: "cpu", model: "m" }, {}, FORMATS.sft);
    assertEquals(await folderKind(dir), "sft run");
    const settings = { full: false, rank: 4, alpha: 16, steps: 5, epochs: undefined };
    const report = {
      ...{ kind: "sft run folder", path: dir, model: "the stories model" },
      settings: { ...settings, lr: 2e-4, seed: 1, kernelPath: "cpu" },
    };
    assertEquals(await inspectSftRun(dir), {
      ...report,
      ...{ step: null, finished: false, result: null },
    });
    await Deno.mkdir(`${dir}/adapter`);
    await Deno.writeTextFile(`${dir}/summary.json`, "{}");
    assertEquals(await inspectSftRun(dir), {
      ...report,
      ...{ step: null, finished: true, result: `${dir}/adapter` },
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
