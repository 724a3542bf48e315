// A test on both devices: poisoned memory in, no live storage and no WebGPU error out.
import { assertEquals } from "@std/assert";
import type { Device } from "../../backend/device.ts";
import { CpuDevice } from "../../backend/cpu/device.ts";
import { GpuDevice } from "../../backend/webgpu/device.ts";
import { plantedError } from "./mutation.ts";

type Kind = "cpu" | "webgpu";
const wanted = (Deno.env.get("LEASH_TEST_DEVICES") ?? "cpu,webgpu").split(",") as Kind[];
const opened = new Map<Kind, Promise<Device>>();

async function open(kind: Kind): Promise<Device> {
  const device = kind === "cpu"
    ? await CpuDevice.open({ poison: true, threads: 2 })
    : await GpuDevice.open({ poison: true, gpu: await otherWebGpu() });
  device.onSubmit = plantedError(kind);
  return device;
}

/** `npm:webgpu@…` for Dawn: see tools/outside/two_webgpus.ts. */
const other = Deno.env.get("LEASH_TEST_WEBGPU");

/** The WebGPU that LEASH_TEST_WEBGPU names; without it Deno's own. */
async function otherWebGpu(): Promise<GPU | undefined> {
  return other === undefined ? undefined : (await import(other)).create([]);
}

/** The device that the tests of this file share (pipelines compile once). */
export function sharedDevice(kind: Kind): Promise<Device> {
  let device = opened.get(kind);
  if (device === undefined) opened.set(kind, device = open(kind));
  return device;
}

globalThis.addEventListener("unload", () => {
  if (other !== undefined) return; // Dawn tells of a device's end after there is anybody to tell: the process crashes
  for (const device of opened.values()) device.then((d) => d[Symbol.dispose]());
});

/** Register the test once for each device. A device that cannot be opened fails its tests. */
export function deviceTest(
  name: string,
  body: (device: Device) => void | Promise<void>,
  kinds: readonly Kind[] = ["cpu", "webgpu"],
): void {
  for (const kind of kinds.filter((k) => wanted.includes(k))) {
    // Workers and GPU resources outlive one test on purpose; leaks are counted below instead.
    Deno.test(
      { name: `${name} [${kind}]`, sanitizeOps: false, sanitizeResources: false },
      async () => {
        const device = await sharedDevice(kind);
        const before = device.stats().live;
        await body(device);
        if (device instanceof GpuDevice) await device.check();
        assertEquals(device.stats().live, before, "Expected every tensor to be freed");
      },
    );
  }
}
