import { assertEquals, assertNotEquals } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { adapterLayout, completionLogps, linearLayers } from "../../../core/mod.ts";
import { uploadSnapshot } from "../../../scheduler/mod.ts";
import { memberLogps } from "../../../training/sources/member_logps.ts";
import { Arena } from "../../../backend/mod.ts";
import { modelFixture, uploadMembers } from "../../support/fixtures.ts";
import { uniform } from "../../support/random.ts";

Deno.test("memberLogps() has what each member thinks alone, and the bare model as one", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 2 });
  const params = [3, 4].map((seed) => uniform(layout.size, seed, 0.4));
  const sequences = [[1, 5, 9], [1, 7]].map((ids) => ({ ids, promptLength: 1 }));
  using arena = new Arena(device, "members");
  const members = uploadMembers(arena, layout, params);
  arena.commit();
  const all = await memberLogps(device, model, sequences, members);
  for (const [k, own] of params.entries()) {
    using alone = uploadSnapshot(device, `${k}`, layout, own);
    const { sums } = await completionLogps(device, model, sequences, { adapter: alone.adapter() });
    assertEquals(all[k], sums);
  }
  assertNotEquals(all[0], all[1]);
  const bare = await memberLogps(device, model, sequences, undefined);
  assertEquals(bare, [(await completionLogps(device, model, sequences)).sums]);
});
