// How much memory a command may take on its device.
import type { Device } from "../../backend/mod.ts";

/**
 * Holds a device to `--memory`, or to what the machine has free where its memory is the device's and may be seen.
 *
 * @param memory GiB; absent for no flag.
 * @param free Bytes; undefined where nobody may see it.
 */
export function limitMemory(
  device: Device,
  memory: number | undefined,
  free: number | undefined = freeMemory(),
): void {
  const { kind, software } = device.info;
  const machine = kind === "cpu" || software ? free : undefined;
  const budget = memory === undefined ? machine : memory * 2 ** 30;
  if (budget !== undefined && budget < device.room) device.byteBudget = budget;
}

/** Bytes that the machine could give; undefined without `--allow-sys=systemMemoryInfo`. */
function freeMemory(): number | undefined {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  return state === "granted" ? Deno.systemMemoryInfo().available : undefined;
}
