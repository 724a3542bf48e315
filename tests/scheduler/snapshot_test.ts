import { createHash } from "node:crypto";
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Arena, type Tensor } from "../../backend/mod.ts";
import { adapterLayout, mergedLayout } from "../../core/mod.ts";
import { adapterHash, snapshotLayout, takeSnapshot, uploadSnapshot } from "../../scheduler/mod.ts";
import { deviceTest } from "../support/devices.ts";
import { uploadMembers } from "../support/fixtures.ts";
import { uniform } from "../support/random.ts";

// Every matrix is a multiple of 64 long: there is no padding, which a merge sets to 0.
const layout = adapterLayout([
  { name: "one", inDim: 32, outDim: 96 },
  { name: "two", inDim: 64, outDim: 32 },
], { rank: 2, alpha: 4 });
const members = [1, 2, 3].map((seed) => uniform(layout.size, seed));

deviceTest(
  "takeSnapshot() gives the same bits each time, and does not follow the members",
  async (device) => {
    using arena = new Arena(device, "test");
    const ensemble = uploadMembers(arena, layout, members);
    const read = (params: Tensor) => arena.read(params);
    arena.commit();
    using first = takeSnapshot(device, ensemble, "snapshot-0");
    using second = takeSnapshot(device, ensemble, "snapshot-0");
    const before = await read(first.adapter().params);
    assertEquals(await read(second.adapter().params), before);
    arena.write(ensemble.params, new Float32Array(layout.size).fill(9)); // training goes on
    arena.commit();
    assertEquals(await read(first.adapter().params), before);
    using third = takeSnapshot(device, ensemble, "snapshot-1");
    assertNotEquals(await read(third.adapter().params), before);
    assertEquals([first.id, third.id], ["snapshot-0", "snapshot-1"]);
    assertEquals(first.adapter().layout, mergedLayout(layout, 3));
  },
);

deviceTest("takeSnapshot() of one member is that member, bit for bit", async (device) => {
  using arena = new Arena(device, "test");
  const ensemble = uploadMembers(arena, layout, members.slice(0, 1));
  arena.commit();
  using snapshot = takeSnapshot(device, ensemble, "s");
  const read = await arena.readAll({ copy: snapshot.adapter().params, member: ensemble.params });
  assertEquals(read.copy, read.member);
});

deviceTest("uploadSnapshot() brings back what was read, under its id", async (device) => {
  using arena = new Arena(device, "test");
  const ensemble = uploadMembers(arena, layout, members);
  arena.commit();
  using snapshot = takeSnapshot(device, ensemble, "snapshot-4");
  const host = await arena.read(snapshot.adapter().params) as Float32Array<ArrayBuffer>;
  using back = uploadSnapshot(device, snapshot.id, snapshotLayout(layout, 3), host);
  assertEquals(back.id, "snapshot-4");
  assertEquals(back.adapter().layout, snapshot.adapter().layout);
  assertEquals(await arena.read(back.adapter().params), host);
});

deviceTest(
  "adapterHash() is of the weights, scale and modules, and of nothing else",
  async (device) => {
    const padded = adapterLayout(
      [{ name: "b", inDim: 30, outDim: 96 }, { name: "a", inDim: 64, outDim: 32 }],
      { rank: 2, alpha: 4 },
    );
    const hashOf = async (params: Float32Array<ArrayBuffer>, of = padded, id = "s") => {
      using snapshot = uploadSnapshot(device, id, of, params);
      return await adapterHash(device, snapshot.adapter());
    };
    const params = uniform(padded.size, 5);
    const changed = (at: number, by: number) => {
      const copy = params.slice();
      copy[at] += by;
      return copy;
    };
    const hash = await hashOf(params);
    assertEquals(await hashOf(params, padded, "another name"), hash);
    assertEquals(await hashOf(changed(60, 1)), hash, "element 60 is padding after A of b");
    const { modules } = padded;
    for (const { aOffset, bOffset, outDim } of modules.values()) {
      for (const at of [aOffset, bOffset, bOffset + 2 * outDim - 1]) {
        assertNotEquals(await hashOf(changed(at, 2 ** -20)), hash, `element ${at}`);
      }
    }
    assertNotEquals(await hashOf(params, { ...padded, scale: 1 }), hash);
    const renamed = new Map([...modules].map(([name, m]) => [name, { ...m, name: `${m.name}2` }]));
    assertNotEquals(await hashOf(params, { ...padded, modules: renamed }), hash);
    assertEquals(
      await hashOf(params, { ...padded, modules: new Map([...modules].reverse()) }),
      hash,
    );
  },
);

deviceTest("adapterHash() is made as its comment says", async (device) => {
  using snapshot = uploadSnapshot(device, "s", layout, members[0]);
  const sha = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");
  const bytes = new Uint8Array(members[0].buffer);
  const lines = [...layout.modules.values()].flatMap((
    { name, inDim, outDim, aOffset, bOffset },
  ) => [
    `${name} A [2,${inDim}] ${sha(bytes.subarray(4 * aOffset, 4 * (aOffset + 2 * inDim)))}`,
    `${name} Bᵀ [2,${outDim}] ${sha(bytes.subarray(4 * bOffset, 4 * (bOffset + 2 * outDim)))}`,
  ]);
  assertEquals(
    await adapterHash(device, snapshot.adapter()),
    sha(["scale 2", ...lines].join("\n")),
  );
});

deviceTest("a snapshot that was disposed says so", (device) => {
  const snapshot = uploadSnapshot(device, "s", layout, members[0]);
  snapshot[Symbol.dispose]();
  assertThrows(() => snapshot.adapter(), ReferenceError, "disposed");
});
