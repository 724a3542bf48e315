import { assertEquals, assertRejects } from "@std/assert";
import { Mistake } from "../../core/base/mistake.ts";
import { openRunFolder, readJsonl } from "../../files/mod.ts";
import { Run } from "../../training/mod.ts";
import { CpuDevice } from "../../backend/cpu/device.ts";
import { finish, Steps } from "../support/run_steps.ts";
import { tinyTask } from "../support/tiny_task.ts";
import { inRunFolder } from "../support/in_folder.ts";

Deno.test("openRunFolder() takes a killed run back to its newest state, which ends as a whole one does", () =>
  inRunFolder(async (dir) => {
    using device = await CpuDevice.open({ threads: 1 });
    using options = await tinyTask(device, { reference: { kind: "ema", rate: 0.3 } });
    using whole = Run.start(device, options);
    await finish(whole);
    {
      using folder = await openRunFolder(dir);
      assertEquals([folder.state, folder.notes], [undefined, []]);
      using run = Run.start(device, { ...options, sinks: [folder], checkpointEvery: 1 });
      await new Steps(run).until("phaseEnd"); // and then it is killed: after a step without a checkpoint
    }
    using folder = await openRunFolder(dir);
    const rows = await readJsonl(`${dir}/metrics.jsonl`) as { step: number; loss?: number }[];
    assertEquals(rows.flatMap(({ step, loss }) => loss === undefined ? [] : [step]), [1]);
    using resumed = Run.resume(device, { ...options, sinks: [folder] }, folder.state!);
    assertEquals(resumed.stepsDone, 1);
    await finish(resumed);
    assertEquals(await resumed.capture(), await whole.capture());
  }));

Deno.test("openRunFolder() has one owner, goes back where a log lost its end, and leaves a command's run alone", () =>
  inRunFolder(async (dir) => {
    const numbers = Float32Array.of(1);
    const train = { params: numbers, m: numbers, v: numbers };
    {
      using folder = await openRunFolder(dir);
      await assertRejects(() => openRunFolder(dir), Mistake, "another run owns it");
      for (const step of [1, 2]) {
        await folder.append("timing", { step });
        await folder.checkpoint!({ step, updates: step, records: [], train });
      }
    }
    await Deno.truncate(`${dir}/timing.jsonl`, 12);
    {
      using folder = await openRunFolder(dir);
      assertEquals([folder.state?.step, folder.notes.length], [1, 1]);
      assertEquals([...Deno.readDirSync(`${dir}/checkpoints`)].length, 1);
    }
    await Deno.writeTextFile(`${dir}/config.json`, "{}");
    await assertRejects(() => openRunFolder(dir), Mistake, `Go on with it by --resume ${dir}`);
  }));
