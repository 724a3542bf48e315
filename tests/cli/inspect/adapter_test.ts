import { assertEquals, assertRejects } from "@std/assert";
import { inspectAdapter } from "../../../cli/inspect/adapter.ts";
import { commandWorkspace, tinyMembers, writePeft } from "../../support/command_run.ts";
import { Mistake } from "../../../core/base/mistake.ts";

Deno.test("inspectAdapter() says rank, scale and modules, with and without the base", async () => {
  using work = await commandWorkspace();
  const [member] = await tinyMembers(1);
  const path = `${work.dir}/lora`;
  await writePeft(path, member);
  for (const model of [undefined, `${work.dir}/model`]) {
    const report = await inspectAdapter(path, model);
    assertEquals([report.rank, report.scale, report.modules], [2, 4, 14]);
    assertEquals([report.checkedAgainst, report.deviceBytes], [
      model ?? null,
      4 * member.layout.size,
    ]);
    assertEquals((report.targets as string[]).toSorted(), [
      ..."down_proj gate_proj k_proj o_proj q_proj up_proj v_proj".split(" "),
    ]);
  }
});

Deno.test("inspectAdapter() names the file that is missing, and a pickle", async () => {
  const dir = await Deno.makeTempDir();
  await assertRejects(
    () => inspectAdapter(dir, undefined),
    Mistake,
    "adapter_config.json is missing",
  );
  await Deno.writeTextFile(`${dir}/adapter_model.bin`, "");
  await assertRejects(() => inspectAdapter(dir, undefined), Mistake, "a pickle can run code");
  await Deno.remove(dir, { recursive: true });
});
