// The device that flags choose, or that a run began on.
import { chooseDevice, type Device, type DeviceInfo, openDevice } from "../../backend/mod.ts";
import type { Identity } from "../folder/run_folder.ts";
import { asUsage } from "../terminal/system_mistake.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { limitMemory } from "./machine_memory.ts";

/** Which device. */
export interface DeviceChoice {
  /** Which kind. */
  readonly device: "auto" | "cpu" | "webgpu";
  /** Of the CPU device. */
  readonly threads?: number;
  /** Most GiB to take on it. */
  readonly memory?: number;
}

/** Opens the device that the run asks for or began on, and says in one line which and why. */
export async function openRunDevice(
  { device: asked, threads, memory }: DeviceChoice,
  stored: Identity | undefined,
  terminal: Pick<Terminal, "line">,
): Promise<Device> {
  const before = stored?.kernelPath.startsWith("webgpu") ? "webgpu" as const : "cpu" as const;
  const { kind, reason } = asked !== "auto"
    ? { kind: asked, reason: "as --device says" }
    : stored !== undefined
    ? { kind: before, reason: "on which the run began" }
    : await chooseDevice();
  const device = await asUsage(() => openDevice({ kind, threads }));
  limitMemory(device, memory);
  const { name, detail } = device.info;
  terminal.line(`Device: ${kind === "cpu" ? "CPU" : "WebGPU"} (${name}, ${detail}), ${reason}`);
  return device;
}

/** Device and arithmetic, all that a bit of the result may depend on; threads are not among it. */
export function kernelPath({ kind, name, detail }: DeviceInfo): string {
  return kind === "cpu" ? `cpu, ${detail.split(",")[0]}` : `webgpu, ${name}, ${detail}`;
}
