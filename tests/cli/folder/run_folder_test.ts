import { assert, assertEquals, assertRejects } from "@std/assert";
import { storiesSettings } from "../../support/run_settings.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import {
  FORMATS,
  readIdentity,
  requireNoRun,
  RunFolder,
  type RunIdentity,
  writeIdentity,
} from "../../../cli/folder/run_folder.ts";
import { isThere } from "../../../files/durable/disk.ts";
import { Mistake } from "../../../core/base/mistake.ts";
import { inRunFolder } from "../../support/in_folder.ts";

const identity: RunIdentity = {
  config: storiesSettings(),
  kernelPath: "cpu, no FMA",
  model: "m",
  prompts: "p",
};

Deno.test("RunFolder has one owner, and its logs are cut to the offsets", () =>
  inRunFolder(async (dir) => {
    let offsets;
    {
      using folder = await RunFolder.own(dir);
      await assertRejects(() => RunFolder.own(dir), Error, "another run owns it");
      await folder.openLogs();
      folder.logs.of("metrics").append({ step: 1 });
      offsets = await folder.logs.sync();
      folder.logs.of("metrics").append({ step: 2 });
      folder.logs.of("pairs").append({ step: 2 });
      await folder.write("summary", "{}");
    }
    using again = await RunFolder.own(dir);
    await again.openLogs(offsets);
    assertEquals(await Deno.readTextFile(again.path("metrics")), '{"step":1}\n');
    assertEquals(await Deno.readTextFile(again.path("pairs")), "");
    assertEquals(await Deno.readTextFile(again.path("summary")), "{}");
  }));

Deno.test("writeIdentity() and readIdentity() are each other's inverse", () =>
  inRunFolder(async (dir) => {
    await assertRejects(
      () => readIdentity(dir),
      UsageError,
      "config.json is missing, expected the folder",
    );
    await requireNoRun(dir);
    await writeIdentity(dir, identity, { method: "bpo" });
    assertEquals(await readIdentity(dir), identity);
    await assertRejects(
      () => requireNoRun(dir),
      UsageError,
      `Go on with that run by --resume ${dir}`,
    );
    await Deno.writeTextFile(`${dir}/config.json`, "{");
    await assertRejects(() => readIdentity(dir), UsageError, 'expected "leash-run-1"');
  }));

Deno.test("requireNoRun() passes over what a killed start left, and RunFolder.own() tidies it", () =>
  inRunFolder(async (dir) => {
    await Deno.mkdir(dir);
    const leftover = `${dir}/.config.json.${crypto.randomUUID()}.tmp`;
    await Deno.writeTextFile(leftover, "{");
    await requireNoRun(dir);
    using _folder = await RunFolder.own(dir);
    assert(!await isThere(leftover));
  }));

Deno.test("readIdentity() says which command made a run of another format", () =>
  inRunFolder(async (dir) => {
    await writeIdentity(dir, identity, {}, FORMATS.sft);
    await assertRejects(
      () => readIdentity(dir),
      UsageError,
      'has format "leash-sft-2", expected "leash-run-1". The run is one of leash sft',
    );
    await Deno.truncate(`${dir}/config.json`, 2 ** 24 + 1);
    await assertRejects(() => readIdentity(dir), Mistake, "expected at most 16777216");
  }));
