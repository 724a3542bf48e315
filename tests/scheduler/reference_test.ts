import { assertEquals } from "@std/assert";
import { Arena } from "../../backend/mod.ts";
import { adapterLayout } from "../../core/mod.ts";
import { EmaReference, takeSnapshot } from "../../scheduler/mod.ts";
import { assertClose, f32Sum } from "../support/close.ts";
import { deviceTest } from "../support/devices.ts";
import { uploadMembers } from "../support/fixtures.ts";
import { uniform } from "../support/random.ts";

const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 1, alpha: 1 });
const start = [1, 2].map((seed) => uniform(layout.size, seed));
const later = [3, 4].map((seed) => uniform(layout.size, seed));

deviceTest(
  "EmaReference.start() is the members' exact mean, in memory of its own",
  async (device) => {
    using arena = new Arena(device, "test");
    const members = uploadMembers(arena, layout, start);
    arena.commit();
    using ema = EmaReference.start(device, members, "ema-0");
    using mean = takeSnapshot(device, members, "mean");
    arena.write(members.params, new Float32Array(2 * layout.size));
    arena.commit();
    assertEquals(ema.policy.id, "ema-0");
    assertEquals(
      await arena.read(ema.policy.adapter!.params),
      await arena.read(mean.adapter().params),
    );
  },
);

deviceTest("refresh() moves every factor by the rate, and the policy with it", async (device) => {
  using arena = new Arena(device, "test");
  const [first, second] = [
    uploadMembers(arena, layout, start),
    uploadMembers(arena, layout, later),
  ];
  arena.commit();
  using ema = EmaReference.start(device, first, "ema-0");
  ema.refresh(second, 0.25, "ema-7");
  const read = await arena.read(ema.members) as Float32Array;
  const [from, to] = [start, later].map((list) => list.flatMap((x) => [...x]));
  assertClose(read, from.map((x, i) => x + 0.25 * (to[i] - x)), f32Sum(3), "averaged members");
  const average = [read.slice(0, layout.size), read.slice(layout.size)];
  const averaged = uploadMembers(arena, layout, average);
  arena.commit();
  using mean = takeSnapshot(device, averaged, "mean");
  assertEquals(ema.policy.id, "ema-7");
  assertEquals(
    await arena.read(ema.policy.adapter!.params),
    await arena.read(mean.adapter().params),
  );
});

deviceTest("EmaReference.resume() goes on as if there had been no pause", async (device) => {
  using arena = new Arena(device, "test");
  const [first, second] = [
    uploadMembers(arena, layout, start),
    uploadMembers(arena, layout, later),
  ];
  arena.commit();
  using ema = EmaReference.start(device, first, "ema-0");
  ema.refresh(second, 0.3, "ema-1");
  const params = await arena.read(ema.members) as Float32Array;
  using resumed = EmaReference.resume(device, { layout, members: 2, params, id: "ema-1" });
  assertEquals(resumed.policy.id, "ema-1");
  for (const each of [ema, resumed]) each.refresh(first, 0.3, "ema-2");
  assertEquals(await arena.read(resumed.members), await arena.read(ema.members));
  assertEquals(
    await arena.read(resumed.policy.adapter!.params),
    await arena.read(ema.policy.adapter!.params),
  );
});
