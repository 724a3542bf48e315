import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { linearLayers } from "../../../core/mod.ts";
import {
  adapterFolder,
  readNamedAdapter,
  readRunMembers,
} from "../../../cli/policy/adapter_spec.ts";
import { TRAIN } from "../../../cli/commands/train.ts";
import {
  commandWorkspace,
  runIn,
  tinyMembers,
  writePeft,
  writeRun,
} from "../../support/command_run.ts";
import { tinyFlags, tinyModel, tinyWorkspace } from "../../support/tiny_run.ts";
import { Mistake } from "../../../core/base/mistake.ts";
import { saveCheckpoint } from "../../../files/mod.ts";

async function setting() {
  const work = await commandWorkspace();
  const members = await tinyMembers(3);
  await writeRun(`${work.dir}/run`, `${work.dir}/model`, members);
  await writePeft(`${work.dir}/lora`, members[2]);
  const { config } = await tinyModel();
  return { work, members, layers: linearLayers(config) };
}

Deno.test("readNamedAdapter() knows folders, runs, members of runs, and base", async () => {
  const { work, members, layers } = await setting();
  using _work = work;
  const of = async (spec: string) => (await readNamedAdapter(spec, layers)).adapter;
  assertEquals(await of("base"), undefined);
  assertEquals((await of(`${work.dir}/lora`))?.params, members[2].params);
  assertEquals((await of(`${work.dir}/run`))?.layout.rank, 6, "Expected the run's result");
  assertEquals((await of(`${work.dir}/run#2`))?.params, members[1].params);
  assertEquals((await of(`${work.dir}/run#2`))?.layout.scale, 4);
});

Deno.test("readNamedAdapter() refuses what is not there, and members that a run has not", async () => {
  const { work, layers } = await setting();
  using _work = work;
  for (
    const [spec, line] of [
      ["nowhere", "it is not there, expected a PEFT folder"],
      [`${work.dir}/model`, "adapter_config.json is missing"],
      [`${work.dir}/run#0`, "the run has 3 members, expected 1 to 3 after #"],
      [`${work.dir}/run#4`, "the run has 3 members"],
      [`${work.dir}/lora#1`, "it has no checkpoint, expected the folder of a run"],
    ]
  ) await assertRejects(() => readNamedAdapter(spec, layers), Error, line);
  await Deno.remove(`${work.dir}/run/adapter`, { recursive: true });
  await assertRejects(
    () => adapterFolder(`${work.dir}/run`),
    Error,
    "its run has not ended and has no adapter yet",
  );
});

Deno.test("readRunMembers() reads a run that has not ended, and refuses another model's", async () => {
  const { work, members, layers } = await setting();
  using _work = work;
  await Deno.remove(`${work.dir}/run/adapter`, { recursive: true });
  const read = await readRunMembers(`${work.dir}/run`, layers);
  assertEquals(read.map(({ params }) => params), members.map(({ params }) => params));
  await assertRejects(
    () => readRunMembers(`${work.dir}/run`, layers.slice(1)),
    Mistake,
    "numbers, expected 3 members of",
  );
});

Deno.test("readRunMembers() refuses a checkpoint that does not say what its adapters are", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const [i, identity] of [undefined, {}, { config: { rank: "8", alpha: 16 } }].entries()) {
      const arrays = new Map([["params", new Float32Array(8)]]);
      await saveCheckpoint(`${dir}/${i}/checkpoints/step-00000001`, { arrays, meta: { identity } });
      await assertRejects(
        () => readRunMembers(`${dir}/${i}`, []),
        Mistake,
        "it has no adapters, expected the checkpoint of a run",
      );
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("readRunMembers() of a run that has not ended has the modules and the scale of its flags", async () => {
  using work = await tinyWorkspace();
  const { config } = await tinyModel();
  const layers = linearLayers(config);
  const train = async (name: string, ...flags: string[]) => {
    const out = `${work.dir}/${name}`;
    const common = tinyFlags(work.dir).flatMap((flag) =>
      flag === "--prompts" ? ["--data"] : [flag]
    );
    const all = [...common, "--annotator", "stories", ...flags, "--out", out];
    const { code, errors } = await runIn(TRAIN, all);
    assertEquals(code, 0, errors.join("\n"));
    const whole = await readRunMembers(out, layers);
    await Deno.rename(`${out}/adapter`, `${out}-adapter`);
    await Deno.remove(`${out}/summary.json`);
    assertEquals(await readRunMembers(out, layers), whole);
    return whole[0].layout;
  };
  const first = await train("first", "--target-modules", "q_proj,down_proj", "--rslora");
  assertEquals([...first.modules.keys()].length, 4);
  assertAlmostEquals(first.scale, 16 / Math.sqrt(2), 1e-6);
  const second = await train("second", "--rank", "4", "--adapter", `${work.dir}/first-adapter`);
  assertEquals([...second.modules.keys()], [...first.modules.keys()]);
});
