/** Where the members of a run come from: fresh on chosen layers, or an adapter that is there. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Run } from "../../training/mod.ts";
import { deviceTest } from "../support/devices.ts";
import { tinyTask } from "../support/tiny_task.ts";
import { Mistake } from "../../core/base/mistake.ts";

async function finish(run: Run) {
  await run.finish();
  return (await run.capture()).train;
}

deviceTest(
  "Run.start() adapts the layers that are chosen, with rsLoRA's scale",
  async (device) => {
    const modules = { targetModules: ["q_proj"], rsLora: true, rank: 4, alpha: 4 };
    using options = await tinyTask(device, modules);
    using run = Run.start(device, options);
    assertEquals(run.layout.scale, 2); // alpha / √rank
    assert([...run.layout.modules.keys()].every((name) => name.endsWith("q_proj")));
    using wrong = await tinyTask(device, { targetModules: ["no_proj"] });
    assertThrows(() => Run.start(device, wrong), Mistake, "matches none of");
  },
);

deviceTest(
  "Run.start() from members that are there trains and resumes them",
  async (device) => {
    using fresh = await tinyTask(device, { rank: 1 });
    using first = Run.start(device, fresh);
    const params = (await first.capture()).train.params.map((x, i) => x + (i % 7) / 70);
    const startFrom = { layout: first.layout, params };
    using options = await tinyTask(device, { startFrom });
    using run = Run.start(device, options);
    const checkpoint = structuredClone(await run.capture());
    assertEquals(checkpoint.train.params, params);
    assertEquals(run.layout, startFrom.layout, "rank and alpha are the layout's");
    const end = await finish(run);
    using resumed = Run.resume(device, options, checkpoint);
    assertEquals(await finish(resumed), end);
    for (const members of [1, 3]) {
      assertThrows(
        () => Run.start(device, { ...options, members }),
        RangeError,
        `expected ${members} members of`,
      );
    }
  },
);
