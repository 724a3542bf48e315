import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { newFolder } from "../../../cli/train/new_folder.ts";
import type { RunIdentity } from "../../../cli/folder/run_folder.ts";
import { originOf } from "../../../cli/folder/trust.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { storiesSettings } from "../../support/run_settings.ts";
import { filesBelow } from "../../support/tiny_run.ts";

const settings = storiesSettings("--seed 5");
const identity = { config: settings, kernelPath: "cpu", model: "m", prompts: "p" } as RunIdentity;

Deno.test("newFolder() makes nothing before it is opened, and then notes which folder it is", async () => {
  const work = await Deno.makeTempDir();
  const out = `${work}/run`;
  {
    using unopened = await newFolder({ kind: "start", settings, out });
    assertEquals([unopened.dir, unopened.finished, unopened.isTyped], [out, false, true]);
    assertEquals([filesBelow(work), unopened.settle(identity)], [[], identity]);
    const opened = await unopened.open(identity, {});
    assertEquals(opened.identity, { ...identity, origin: await originOf(out) });
    assert(filesBelow(out).includes("config.json"));
    const busy = unopened.open(identity, {});
    await assertRejects(() => busy, Error, "another run owns it");
  }
  const taken = newFolder({ kind: "start", settings, out });
  await assertRejects(() => taken, UsageError, "it has a config.json already");
  await Deno.remove(work, { recursive: true });
});

Deno.test("newFolder() is named after the time, the loss and the seed where nobody names it", async () => {
  using unopened = await newFolder({ kind: "start", settings });
  assertMatch(unopened.dir, /^runs\/.*-dpo-5$/);
});

Deno.test("newFolder() refuses a folder that somebody fills while the run is prepared", async () => {
  const out = await Deno.makeTempDir();
  using unopened = await newFolder({ kind: "start", settings, out });
  await Deno.writeTextFile(`${out}/metrics.jsonl`, "");
  const open = unopened.open(identity, {});
  await assertRejects(() => open, UsageError, "it has a metrics.jsonl already");
  await Deno.remove(out, { recursive: true });
});
