import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { sizeClass } from "../../../backend/memory.ts";
import { GpuDevice } from "../../../backend/webgpu/device.ts";
import { fastReadbackKnown, Readback } from "../../../backend/webgpu/readback.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";
import { scaleInPlace } from "../scale.ts";
import { spyGpu, withNavigator } from "./spy_gpu.ts";

Deno.test("fastReadbackKnown() is true on the versions that were measured, and only there", () => {
  const { gpu } = navigator;
  assert(fastReadbackKnown(gpu, "Deno/2.9.6"));
  for (const other of ["Deno/2.9.5", "Deno/2.9.60", "Deno/3.0.0", "Mozilla/5.0 Chrome/140", ""]) {
    assert(!fastReadbackKnown(gpu, other), other);
  }
  assertEquals(fastReadbackKnown(), navigator.userAgent === "Deno/2.9.6");
});

Deno.test("fastReadbackKnown() is false for another WebGPU, injected or put in place of navigator.gpu", async () => {
  const { gpu } = spyGpu();
  assert(!fastReadbackKnown(gpu, "Deno/2.9.6"));
  await withNavigator({ gpu, userAgent: "Deno/2.9.6" }, () => {
    assert(!fastReadbackKnown(gpu));
    assert(!fastReadbackKnown());
  });
  await withNavigator(undefined, () => assert(!fastReadbackKnown()));
});

/** 200 reads of growing, shrinking and repeated sizes, each of other numbers. */
async function readings(fastReadback: boolean): Promise<Float32Array[]> {
  using device = await GpuDevice.open({ fastReadback });
  const all: Float32Array[] = [];
  for (let i = 0; i < 200; i++) {
    using arena = new Arena(device, `read ${i}`);
    const n = 1 + (i * 7919) % 3001;
    const x = arena.upload([n], uniform(n, i), "x");
    scaleInPlace(arena, x, 0.5);
    all.push(await arena.read(x) as Float32Array);
  }
  return all;
}

deviceTest("Readback gives the same 200 reads on every path of this runtime", async () => {
  const expected = Array.from(
    { length: 200 },
    (_, i) => uniform(1 + (i * 7919) % 3001, i).map((x) => x * 0.5),
  );
  assertEquals(await readings(false), expected);
  if (fastReadbackKnown()) assertEquals(await readings(true), expected);
}, ["webgpu"]);

deviceTest("Readback.take() reuses a buffer after its read, by size class", async () => {
  const adapter = (await navigator.gpu.requestAdapter())!;
  for (const fast of fastReadbackKnown() ? [true, false] : [false]) {
    const device = await adapter.requestDevice();
    const readback = new Readback(device, fast);
    const first = readback.take(1000);
    assertEquals(first.size, sizeClass(1000));
    const second = readback.take(1000);
    assert(second !== first, "one that is in use is not given out");
    device.queue.submit([]);
    assertEquals((await readback.read(first, 8)).byteLength, 8);
    await readback.read(second, 8);
    assert(readback.take(3000) !== first);
    assertStrictEquals(readback.take(990), second);
    assertStrictEquals(readback.take(990), first);
    await readback.read(first, 8);
    readback.close();
    assert(readback.take(1000) !== first, "close() has destroyed it");
    device.destroy();
  }
}, ["webgpu"]);
