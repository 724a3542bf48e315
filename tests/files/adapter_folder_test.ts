import { assert, assertEquals, assertRejects } from "@std/assert";
import { Arena } from "../../backend/mod.ts";
import { CpuDevice } from "../../backend/cpu/device.ts";
import {
  type Adapter,
  adapterLayout,
  completionLogps,
  exactMean,
  linearLayers,
  splitFactors,
} from "../../core/mod.ts";
import { loadAdapter, readPeftFiles, saveAdapter } from "../../files/adapter_folder.ts";
import { filesBelow } from "../support/tiny_run.ts";
import { modelFixture } from "../support/fixtures.ts";
import { uniform } from "../support/random.ts";
import { Mistake } from "../../core/base/mistake.ts";

const SEQUENCES = [{ ids: [1, 5, 9, 3, 2], promptLength: 2 }];

/** Members on the device, and what a policy of theirs says. */
async function setting() {
  const device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 4 });
  const dir = await Deno.makeTempDir();
  return {
    ...{ device, model, layout, dir },
    members(count: number, arena: Arena) {
      const params = arena.upload([count, layout.size], uniform(count * layout.size, 4, 0.3), "m");
      arena.commit();
      return { layout, params };
    },
    logps: async (
      adapter?: Adapter,
    ) => [...(await completionLogps(device, model, SEQUENCES, { adapter })).perToken[0]],
    [Symbol.dispose]() {
      model.weights[Symbol.dispose]();
      device[Symbol.dispose]();
      Deno.removeSync(dir, { recursive: true });
    },
  };
}

Deno.test("saveAdapter() and loadAdapter() give one member back to the bit", async () => {
  using work = await setting();
  const { device, model, dir } = work;
  using arena = new Arena(device, "members");
  const member = work.members(1, arena);
  await saveAdapter(device, model, `${dir}/a`, member, { baseModel: "org/name" });
  assertEquals(filesBelow(`${dir}/a`), ["adapter_config.json", "adapter_model.safetensors"]);
  using loaded = await loadAdapter(device, model, `${dir}/a`);
  assertEquals([loaded.baseModel, loaded.layout], ["org/name", member.layout]);
  const own = await work.logps(member);
  assertEquals(await work.logps(loaded), own);
  assert((await work.logps()).join() !== own.join(), "Expected an adapter that does something");
});

Deno.test("saveAdapter() puts the exact mean of several members at the top, and each below", async () => {
  using work = await setting();
  const { device, model, dir, layout } = work;
  using arena = new Arena(device, "members");
  const members = work.members(3, arena);
  await saveAdapter(device, model, `${dir}/a`, members);
  using top = await loadAdapter(device, model, `${dir}/a`);
  using second = await loadAdapter(device, model, `${dir}/a/member-2`);
  assertEquals([top.layout.rank, top.baseModel], [6, ""]);
  const read = async ({ params }: Adapter) => await arena.read(params) as Float32Array<ArrayBuffer>;
  const params = (await read(members)).slice(layout.size, 2 * layout.size);
  const factors = splitFactors({ layout, params });
  assertEquals(splitFactors({ layout, params: await read(second) }), factors);
  const mean = exactMean(arena, members);
  arena.commit();
  assertEquals(await work.logps(top), await work.logps(mean));
});

Deno.test("saveAdapter() refuses what is there unless it may replace it", async () => {
  using work = await setting();
  const { device, model, dir } = work;
  using arena = new Arena(device, "members");
  await saveAdapter(device, model, `${dir}/a`, work.members(2, arena));
  const one = work.members(1, arena);
  await assertRejects(() => saveAdapter(device, model, `${dir}/a`, one), Error, "a");
  await saveAdapter(device, model, `${dir}/a`, one, { replace: true });
  assertEquals(filesBelow(`${dir}/a`).length, 2);
});

Deno.test("loadAdapter() refuses a folder that is none, and a pickle without reading it", async () => {
  using work = await setting();
  const { device, model, dir } = work;
  await assertRejects(
    () => loadAdapter(device, model, dir),
    Mistake,
    "adapter_config.json is missing",
  );
  await Deno.writeTextFile(`${dir}/adapter_model.bin`, "code");
  assertEquals([...await readPeftFiles(dir)], [["adapter_model.bin", new Uint8Array(0)]]);
  await assertRejects(() => loadAdapter(device, model, dir), Mistake, "safe_serialization=True");
});
