import { assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../cli/flag_parser.ts";
import { isThere } from "../../cli/run_folder.ts";
import { sftRequest } from "../../cli/sft_flags.ts";
import { openSftFolder, tidyFinished } from "../../cli/sft_folder.ts";

Deno.test("openSftFolder() gives back what was saved, and cuts the log to the same moment", async () => {
  const root = await Deno.makeTempDir();
  try {
    const dir = `${root}/run`;
    const { config } = await sftRequest({ data: "rows.jsonl" });
    const identity = { config, kernelPath: "cpu", model: "m", rows: "r" };
    const done = { steps: 2, epochs: 0.1, tokens: 9, loss: { first: 3, last: 2.5 } };
    const spent = { seconds: 1.5, bytesPeak: 100 };
    const arrays = new Map([["m", Float32Array.of(0.1, NaN)]]);
    {
      using folder = await openSftFolder(dir, identity, undefined, {});
      await assertRejects(() => openSftFolder(dir, identity, identity, {}), Error, "owns it");
      folder.metrics.append({ step: 2 });
      await folder.save(arrays, done, spent);
      folder.metrics.append({ step: 3 });
    }
    await assertRejects(() => openSftFolder(dir, identity, undefined, {}), UsageError, "already");
    const other = { ...identity, rows: "s" };
    await assertRejects(
      () => openSftFolder(dir, other, identity, {}),
      UsageError,
      "the rows' fingerprint is s, expected r as its checkpoint says",
    );
    using folder = await openSftFolder(dir, identity, identity, {});
    const { meta } = folder.from!;
    assertEquals([meta.done, meta.spent, folder.from!.arrays], [done, spent, arrays]);
    assertEquals(await Deno.readTextFile(`${dir}/metrics.jsonl`), '{"step":2}\n');
    await folder.finish({ loss: 1 });
    assertEquals(JSON.parse(await Deno.readTextFile(`${dir}/summary.json`)), { loss: 1 });
    assertEquals(await isThere(`${dir}/checkpoints`), false);
    folder[Symbol.dispose]();
    await Deno.mkdir(`${dir}/checkpoints/step-00000002`, { recursive: true }); // killed before it removed them
    await Deno.mkdir(`${dir}/.checkpoints.${crypto.randomUUID()}.tmp`); // or while it did
    await tidyFinished(dir);
    const left = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    assertEquals(left, [".lock", "config.json", "metrics.jsonl", "summary.json"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
