// What a command with a model opens: the base's files, the adapters that were named, a device, and all of it there. In
// this order, so that a mistake in a file is found before a device is asked for.
import type { Device } from "../../backend/mod.ts";
import { type Adapter, linearLayers, type Model } from "../../core/mod.ts";
import { uploadSnapshot } from "../../scheduler/mod.ts";
import { BASE, type NamedAdapter, readNamedAdapter } from "./adapter_spec.ts";
import { type BaseFlags, type BaseModel, loadBase, openBase } from "./base_model.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { sha256 } from "../../core/base/sha256.ts";
import type { Identity } from "../folder/run_folder.ts";
import { type DeviceChoice, openRunDevice } from "./device.ts";

/**
 * Opens the device; says on the error stream which and why, so that the output stays the command's own.
 *
 * @param stored Of a run that goes on: its kind of device is the default.
 */
export async function openCommandDevice(
  choice: DeviceChoice,
  { terminal }: CommandOptions,
  stored?: Identity,
): Promise<Device> {
  return await openRunDevice(choice, stored, { line: (text = "") => terminal.error(text) });
}

/** A policy to sample from or to score with. */
export interface NamedPolicy {
  /** As the user named its adapter; "base" for the bare model. */
  readonly name: string;
  /** Fingerprint of its weights, the base's among them. */
  readonly digest: string;
  /** Lends its adapter; undefined for the bare model. */
  adapter(): Adapter | undefined;
}

/** A model on a device with the policies over it. Disposing it frees all. */
export interface OpenedPolicies extends Disposable {
  /** Its files, tokenizer and chat template. */
  readonly base: BaseModel;
  /** Where it lies. */
  readonly device: Device;
  /** The model there; its config has the context as `maxPositions`. */
  readonly model: Model;
  /** Fingerprint of its weights. */
  readonly digest: string;
  /** One an adapter, in the order given. */
  readonly policies: readonly NamedPolicy[];
}

/** What of a command's flags its policies depend on. */
export interface PolicyFlags extends DeviceChoice, BaseFlags {
  /** One, or several in order; absent or none is the bare model. */
  readonly adapter?: string | readonly string[];
}

/**
 * Opens model, adapters and device.
 *
 * @param prepare Reads and checks what else the user named, once the tokenizer is there and before a device is opened.
 * @throws {UsageError} If an adapter is not there, or the model has no tokenizer.
 * @throws {Mistake} If a file is missing or malformed.
 */
export async function openPolicies<T>(
  flags: PolicyFlags,
  options: CommandOptions,
  prepare: (base: BaseModel) => Promise<T>,
): Promise<OpenedPolicies & { readonly prepared: T }> {
  using stack = new DisposableStack();
  const base = stack.use(await openBase(flags, options));
  const layers = linearLayers(base.sizes);
  const named: NamedAdapter[] = [];
  const adapters = [flags.adapter ?? []].flat();
  for (const spec of adapters.length > 0 ? adapters : [BASE]) {
    named.push(await readNamedAdapter(spec, layers));
  }
  const prepared = await prepare(base);
  options.signal?.throwIfAborted();
  const device = stack.use(await openCommandDevice(flags, options));
  const { model, digest } = await loadBase(device, base, flags, options);
  stack.use(model.weights);
  const policies: NamedPolicy[] = [];
  for (const { name, adapter } of named) {
    if (adapter === undefined) {
      policies.push({ name, digest, adapter: () => undefined });
      continue;
    }
    const snapshot = stack.use(uploadSnapshot(device, name, adapter.layout, adapter.params));
    const { buffer, byteOffset, byteLength } = adapter.params;
    const own = await sha256(new Uint8Array(buffer, byteOffset, byteLength));
    policies.push({
      name,
      digest: await sha256(`${digest} ${adapter.layout.scale} ${own}`),
      adapter: () => snapshot.adapter(),
    });
  }
  const owned = stack.move();
  return {
    base,
    device,
    model,
    digest,
    policies,
    prepared,
    [Symbol.dispose]: () => owned.dispose(),
  };
}
