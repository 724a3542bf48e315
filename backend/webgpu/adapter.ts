// Finding a WebGPU adapter, and telling a real one from software.

import { quietWgpu } from "./quiet.ts";

/** Names of adapters that run on the CPU. */
const SOFTWARE = /llvmpipe|lavapipe|swiftshader|software|basic render|warp/i;

/** This runtime's WebGPU; undefined where there is none, or no `navigator` (Node 20). */
export function ownGpu(): GPU | undefined {
  return (globalThis.navigator as Navigator & { gpu?: GPU } | undefined)?.gpu;
}

/**
 * Ask for an adapter, at most `timeoutMs`: some drivers never answer.
 *
 * @param gpu Default: `navigator.gpu`.
 * @param timeoutMs Default: ten seconds.
 * @returns The adapter, or undefined if there is none, if asking failed, or if no answer came.
 */
export async function requestAdapter(
  gpu?: GPU,
  timeoutMs: number = 10_000,
): Promise<GPUAdapter | undefined> {
  const source = gpu ?? ownGpu();
  if (source === undefined) return undefined;
  if (gpu === undefined) quietWgpu();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    const asked = source.requestAdapter({ powerPreference: "high-performance" });
    return await Promise.race([asked, late]) ?? undefined;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** How an adapter names itself, and whether it runs on the CPU. */
export function describeAdapter(
  { info }: { readonly info: GPUAdapterInfo },
): { name: string; detail: string; software: boolean } {
  const { vendor, architecture, device, description } = info;
  const name = description || device || architecture || vendor || "unnamed adapter";
  const detail = [vendor, architecture, device].filter(Boolean).join(" ");
  const software = info.isFallbackAdapter === true || SOFTWARE.test(`${name} ${detail}`);
  return { name, detail, software };
}
