// Choosing a device: a real WebGPU adapter if there is one, else the CPU device.
import { CpuDevice, type CpuOptions } from "./cpu/device.ts";
import type { Device } from "./device.ts";
import { describeAdapter, requestAdapter } from "./webgpu/adapter.ts";
import { GpuDevice, type GpuOptions } from "./webgpu/device.ts";

/** What to open. */
export interface OpenOptions extends CpuOptions, GpuOptions {
  /** "webgpu" takes any adapter, software ones included; "cpu" the CPU device. Default: the best there is. */
  readonly kind?: "webgpu" | "cpu";
}

/**
 * The device that is worth using without being asked for, and why in words.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { chooseDevice } from "@leash/bpo/backend";
 * const { kind, reason } = await chooseDevice();
 * assert(kind === "cpu" || reason.startsWith("a WebGPU adapter was found"));
 * ```
 *
 * @param gpu Another implementation of WebGPU. Default: `navigator.gpu`.
 * @param timeoutMs How long to wait for an adapter, in milliseconds: some drivers never answer.
 */
export async function chooseDevice(
  gpu?: GPU,
  timeoutMs: number = 10_000,
): Promise<{ kind: "webgpu" | "cpu"; reason: string }> {
  const adapter = await requestAdapter(gpu, timeoutMs);
  if (adapter === undefined) return { kind: "cpu", reason: "no WebGPU adapter was found" };
  const { name, software } = describeAdapter(adapter);
  return software
    ? {
      kind: "cpu",
      reason: `the only WebGPU adapter is a software one (${name}), which is slower`,
    }
    : { kind: "webgpu", reason: `a WebGPU adapter was found (${name})` };
}

/**
 * Open a device.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * assertEquals(device.info.kind, "cpu");
 * ```
 *
 * @param options What to open, and how.
 * @throws {Error} If WebGPU was asked for and there is no adapter.
 */
export async function openDevice(options: OpenOptions = {}): Promise<Device> {
  const kind = options.kind ?? (await chooseDevice(options.gpu)).kind;
  return kind === "cpu" ? await CpuDevice.open(options) : await GpuDevice.open(options);
}
