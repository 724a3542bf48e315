// A watched WebGPU device for one test, once for each way to read back that this runtime has.
import { GpuDevice } from "../../../backend/webgpu/device.ts";
import { fastReadbackKnown } from "../../../backend/webgpu/readback.ts";
import { deviceTest } from "../../support/devices.ts";
import { type Changes, type Spy, spyGpu } from "./spy_gpu.ts";

/** Both ways to read back, where this runtime has both. */
const ways = fastReadbackKnown() ? [true, false] : [false];

/** A test with a watched device of its own, once for each way to read back. */
export function test(
  name: string,
  body: (device: GpuDevice, spy: Spy) => void | Promise<void>,
  changes: Changes = {},
): void {
  deviceTest(name, async () => {
    for (const fastReadback of ways) {
      const spy = spyGpu(changes);
      using device = await GpuDevice.open({ gpu: spy.gpu, fastReadback });
      await body(device, spy);
    }
  }, ["webgpu"]);
}

/** Counts of some calls from now on. */
export function counter({ counts }: Spy): (...names: string[]) => number[] {
  const before = { ...counts };
  return (...names) => names.map((name) => (counts[name] ?? 0) - (before[name] ?? 0));
}
