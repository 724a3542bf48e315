// The parts of a run that flags name: the device, the reference policy, the recorded pairs. Each mistake is the user's.
import { chooseDevice, type Device, type DeviceInfo, openDevice } from "../backend/mod.ts";
import { linearLayers } from "../core/mod.ts";
import { type ReferenceMode, uploadSnapshot } from "../scheduler/mod.ts";
import { readAdapterFolder, type StoredAdapter } from "./adapter_files.ts";
import { quote, type RunConfig, UsageError } from "./flags.ts";
import { nearest } from "../losses/nearest.ts";
import { loadReplay, type Replay } from "./replay.ts";
import { isThere, type RunIdentity } from "./run_folder.ts";
import type { TaskFiles } from "./task.ts";
import type { Terminal } from "./terminal.ts";

/** What is read and checked before the folder is made is the user's; what goes wrong there is one line. */
export async function asUsage<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("Cannot ")) {
      throw new UsageError(error.message, { cause: error });
    }
    throw error;
  }
}

/** Opens the device that the run asks for or began on, and says in one line which and why. */
export async function openRunDevice(
  { device: asked, threads }: RunConfig,
  stored: RunIdentity | undefined,
  terminal: Terminal,
): Promise<Device> {
  const before = stored?.kernelPath.startsWith("webgpu") ? "webgpu" as const : "cpu" as const;
  quietWgpu();
  const { kind, reason } = asked !== "auto"
    ? { kind: asked, reason: "as --device says" }
    : stored !== undefined
    ? { kind: before, reason: "on which the run began" }
    : await chooseDevice();
  const device = await asUsage(() => openDevice({ kind, threads }));
  const { name, detail } = device.info;
  terminal.line(`Device: ${kind === "cpu" ? "CPU" : "WebGPU"} (${name}, ${detail}), ${reason}`);
  return device;
}

/** wgpu complains on stderr where XDG_RUNTIME_DIR is not set, and wants nothing of it. */
function quietWgpu(): void {
  const name = "XDG_RUNTIME_DIR";
  if (Deno.build.os !== "linux") return;
  if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") return;
  if (Deno.env.get(name) === undefined) Deno.env.set(name, "/tmp");
}

/** Device and arithmetic, all that a bit of the result may depend on; threads are not among it. */
export function kernelPath({ kind, name, detail }: DeviceInfo): string {
  return kind === "cpu" ? `cpu, ${detail.split(",")[0]}` : `webgpu, ${name}, ${detail}`;
}

const REFERENCES = ["behaviour", "sft", "ema"];

/** Refuses a `--reference` that is neither a name nor an adapter, before anything is loaded. */
export async function checkReference(reference: string): Promise<void> {
  if (REFERENCES.includes(reference)) return;
  if (await isThere(`${reference}/adapter_config.json`)) return;
  throw new UsageError(
    `Cannot train: --reference is ${quote(reference)}, expected ${REFERENCES.join(", ")} ` +
      `or a folder with adapter_config.json. Did you mean ${nearest(reference, REFERENCES)}?`,
  );
}

/** The adapter of a fixed reference; undefined for the other modes. */
export async function readReference(
  { reference }: RunConfig,
  { sizes }: TaskFiles,
): Promise<StoredAdapter | undefined> {
  if (REFERENCES.includes(reference)) return undefined;
  return await readAdapterFolder(reference, linearLayers(sizes));
}

/** What the loss holds the learner to, on the device; the caller disposes it. */
export function openReference(
  device: Device,
  { reference, emaRate }: RunConfig,
  adapter: StoredAdapter | undefined,
): Disposable & { readonly mode: ReferenceMode } {
  if (adapter !== undefined) {
    const id = `fixed-${adapter.digest.slice(0, 16)}`;
    const fixed = uploadSnapshot(device, id, adapter.layout, adapter.params);
    const mode = { kind: "fixed", id, adapter: fixed.adapter() } as const;
    return { mode, [Symbol.dispose]: () => fixed[Symbol.dispose]() };
  }
  const mode: ReferenceMode = reference === "ema"
    ? { kind: "ema", rate: emaRate }
    : { kind: reference === "sft" ? "sft" : "behaviour" };
  return { mode, [Symbol.dispose]: () => {} };
}

/** What a replay needs to know of the reference: its mode. */
function modeOf({ reference }: RunConfig): ReferenceMode["kind"] {
  if (reference === "behaviour" || reference === "sft" || reference === "ema") return reference;
  return "fixed";
}

/** The pairs that `--replay` names, checked against this run. */
export async function replayOf(
  config: RunConfig,
  { sizes, modelDigest }: TaskFiles,
): Promise<Replay | undefined> {
  const { replay, steps } = config;
  if (replay === undefined) return undefined;
  const { vocabSize } = sizes;
  return await loadReplay(replay, {
    steps,
    vocabSize,
    modelDigest,
    reference: modeOf(config),
    config,
  });
}
