import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { sftRequest } from "../../../cli/sft/request.ts";
import { checkpointOf, openSftFolder, resumeSftFolder } from "../../../cli/sft/folder.ts";

Deno.test("openSftFolder() gives back what was saved, and cuts the log to the same moment", async () => {
  const root = await Deno.makeTempDir();
  try {
    const dir = `${root}/run`;
    const { config } = await sftRequest({ data: "rows.jsonl" });
    const identity = { config, kernelPath: "cpu", model: "m", rows: "r" };
    const done = { steps: 2, epochs: 0.1, tokens: 9, loss: { first: 3, last: 2.5 } };
    const spent = { seconds: 1.5, bytesPeak: 100 };
    const arrays = new Map([["m", Float32Array.of(0.1, NaN)]]);
    const evaluations = [{ phase: 0, step: 0, numbers: { loss: 3.5 } }];
    const state = { step: 2, evaluations, arrays, tokens: 9 };
    const goOn = { stored: identity, extended: [], accepted: [] };
    {
      using folder = await openSftFolder(dir, identity, undefined, {});
      await assertRejects(() => resumeSftFolder(dir, goOn), Error, "owns it");
      folder.metrics.append({ step: 2 });
      await folder.save(state, done, spent);
      folder.metrics.append({ step: 3 });
    }
    await assertRejects(() => openSftFolder(dir, identity, undefined, {}), UsageError, "already");
    {
      using resumed = await resumeSftFolder(dir, goOn);
      assertThrows(
        () => resumed.settle({ ...identity, rows: "s" }),
        UsageError,
        "the rows' fingerprint is s, expected r as config.json says",
      );
      using folder = await openSftFolder(dir, resumed.settle(identity), resumed, {});
      const { meta, arrays: saved } = resumed.from!;
      assertEquals([meta.done, meta.spent, saved], [done, spent, arrays]);
      assertEquals(checkpointOf(resumed.from!), state);
      assertEquals(await Deno.readTextFile(`${dir}/metrics.jsonl`), '{"step":2}\n');
      await folder.save({ ...state, step: 4 }, { ...done, steps: 4 }, spent);
      await folder.finish({ loss: NaN });
      assertEquals(await Deno.readTextFile(`${dir}/summary.json`), '{\n  "loss": "NaN"\n}\n');
      const kept = [...Deno.readDirSync(`${dir}/checkpoints`)].map(({ name }) => name);
      assertEquals(kept, ["step-00000004"]); // what a longer run goes on from
    }
    using whole = await resumeSftFolder(dir, goOn);
    assertEquals(whole.finished, true);
    whole[Symbol.dispose]();
    await Deno.writeTextFile(`${dir}/metrics.jsonl`, '{"step":3}\n');
    await assertRejects(
      () => resumeSftFolder(dir, goOn),
      UsageError,
      `${dir}/metrics.jsonl is changed`,
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
