// Which shader of a kernel a device runs: that of the first variant whose needs it meets, else the kernel's own.
import type { DeviceInfo } from "./device.ts";
import type { Kernel, Needs, Shader } from "./kernel.ts";

/** What of a device decides. */
export type Capabilities = Pick<DeviceInfo, "features" | "limits">;

/** Whether a device has all features, and limits as high; one that says nothing of a limit does not meet it. */
export function meets({ features = [], limits = {} }: Capabilities, needs: Needs): boolean {
  return (needs.features ?? []).every((name) => features.includes(name)) &&
    Object.entries(needs.limits ?? {}).every(([name, least]) => (limits[name] ?? -1) >= least);
}

/** The shader that a device runs, and what it needs: nothing, if it is the kernel's own. */
export function shaderFor(
  kernel: Kernel,
  info: Capabilities,
): { readonly shader: Shader; readonly needs: Needs } {
  const variant = kernel.variants?.find(({ needs }) => meets(info, needs));
  return { shader: variant ?? kernel, needs: variant?.needs ?? {} };
}
