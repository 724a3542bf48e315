import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dropLater, findCheckpoint } from "../../files/run_checkpoints.ts";
import { Mistake } from "../../core/base/mistake.ts";
import { openJsonl } from "../../files/mod.ts";
import { filesBelow } from "../support/tiny_run.ts";
import { keepCheckpoint } from "../../files/run_sink.ts";

const identity = { config: {}, kernelPath: "cpu", model: "m" };

/** A run of three steps with a checkpoint after each; the two newest stay. */
async function inRun(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    {
      using metrics = await openJsonl(`${dir}/metrics.jsonl`);
      using pairs = await openJsonl(`${dir}/pairs.jsonl`);
      for (const step of [1, 2, 3]) {
        metrics.append({ step });
        pairs.append({ step, text: "x" });
        const logs = { metrics: metrics.mark(), pairs: pairs.mark() };
        const arrays = new Map([["m", Float32Array.of(step, NaN)]]);
        await keepCheckpoint(dir, step, arrays, { identity, logs });
      }
      metrics.append({ step: 4 });
    }
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("findCheckpoint() is the newest with its arrays, and refuses any changed byte by its file", () =>
  inRun(async (dir) => {
    const { from, notes } = await findCheckpoint(dir);
    assertEquals([from?.step, notes, from?.array("m")], [3, [], Float32Array.of(3, NaN)]);
    for (const file of filesBelow(dir).filter((file) => !file.includes("step-00000002"))) {
      const path = `${dir}/${file}`, bytes = await Deno.readFile(path);
      for (let at = 0; at < bytes.length; at += 11) {
        if (file === "metrics.jsonl" && at >= 33) continue; // after the mark: it is cut off
        await Deno.writeFile(path, bytes.with(at, bytes[at] ^ 1));
        const found = await findCheckpoint(dir).catch((error) => error);
        assertEquals(
          !file.endsWith(".jsonl") || found instanceof Mistake,
          true,
          `${file} ${at}`,
        );
        if (!(found instanceof Mistake)) {
          assertEquals(found.from?.arrays, from!.arrays, `${file} ${at}`);
        } else assertStringIncludes(found.message, file);
      }
      await Deno.writeFile(path, bytes);
    }
  }));

Deno.test("findCheckpoint() goes back where a log lost its end, says so, and dropLater() removes what is newer", () =>
  inRun(async (dir) => {
    const pairs = await Deno.readFile(`${dir}/pairs.jsonl`);
    for (const [bytes, step] of [[pairs.length - 1, 2], [30, undefined], [0, undefined]] as const) {
      await Deno.writeFile(`${dir}/pairs.jsonl`, pairs.subarray(0, bytes));
      const { from, notes } = await findCheckpoint(dir);
      assertEquals(from?.step, step);
      assertStringIncludes(
        notes[0],
        `${dir}/pairs.jsonl has lost its end: the checkpoint of step 3`,
      );
      if (step === undefined) assertStringIncludes(notes.at(-1)!, "Starting from step 0");
    }
    await dropLater(dir, 2);
    assertEquals([...Deno.readDirSync(`${dir}/checkpoints`)].map(({ name }) => name), [
      "step-00000002",
    ]);
    await dropLater(dir, undefined);
    assertEquals([...Deno.readDirSync(`${dir}/checkpoints`)], []);
    assertStringIncludes((await findCheckpoint(dir)).notes[0], "has no checkpoint");
    await Deno.remove(`${dir}/metrics.jsonl`);
    assertEquals(await findCheckpoint(dir), { notes: [] }); // it died before it did anything
  }));

Deno.test("findCheckpoint() names a newest checkpoint without its manifest, a linked folder, and another version's", () =>
  inRun(async (dir) => {
    const root = `${dir}/checkpoints`, newest = `${root}/step-00000003`;
    await Deno.remove(`${newest}/MANIFEST.json`);
    const error = await assertRejects(() => findCheckpoint(dir), Mistake);
    assertStringIncludes(error.message, `${newest}: MANIFEST.json is missing`);
    assertStringIncludes(error.message, `Remove ${newest} to go on from the checkpoint before it`);
    await Deno.remove(newest, { recursive: true });
    assertEquals((await findCheckpoint(dir)).from?.step, 2);
    await assertRejects(() => findCheckpoint(dir, { fields: ["x"] }), Mistake, "does not say what");
    await keepCheckpoint(dir, 4, new Map(), { identity });
    await assertRejects(() => findCheckpoint(dir), Mistake, "does not say what the logs held");
    await Deno.rename(root, `${dir}/elsewhere`);
    await Deno.symlink(`${dir}/elsewhere`, root);
    await assertRejects(() => findCheckpoint(dir), Mistake, `${root} is a link`);
  }));
