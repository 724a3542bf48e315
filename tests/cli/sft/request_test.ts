import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { FORMATS, writeIdentity } from "../../../cli/folder/run_folder.ts";
import { sftRequest } from "../../../cli/sft/request.ts";

Deno.test("sftRequest() fills in the rate by what learns, and a folder", async () => {
  const { config, out } = await sftRequest({ data: "rows.jsonl", seed: 3 });
  assertEquals([config.lr, config.rank, config.checkpointEvery], [2e-4, 8, 50]);
  assertMatch(out, /^runs\/.*-sft-3$/);
  assertEquals((await sftRequest({ data: "rows.jsonl", full: true })).config.lr, 2e-5);
});

Deno.test("sftRequest() of a run that goes on has its flags, and lets those change that no bit depends on", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const { config } = await sftRequest({ data: `${dir}/rows.jsonl`, steps: 5 });
    const identity = { config, kernelPath: "cpu", model: "m", rows: "r" };
    await writeIdentity(dir, identity, {}, FORMATS.sft);
    const request = await sftRequest({ resume: dir, steps: 5, threads: 2, checkpointEvery: 7 });
    assertEquals(request, {
      ...{ out: dir, resume: { stored: identity, extended: [], accepted: [] } },
      config: { ...config, threads: 2, checkpointEvery: 7 },
    });
    await assertRejects(
      () => sftRequest({ resume: dir, seed: 6 }),
      UsageError,
      "--seed is 6, expected 1 as when the run began",
    );
    const longer = await sftRequest({ resume: dir, steps: 6, acceptChange: "data" });
    assertEquals([longer.config.steps, longer.resume?.extended, longer.resume?.accepted], [
      ...[6, ["steps", "epochs"]],
      ["prompts", "rows"],
    ]);
    await assertRejects(
      () => sftRequest({ data: "rows.jsonl", acceptChange: "rule" }),
      UsageError,
      "--accept-change is given without --resume",
    );
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
