// The policies of a run that stay as they are, on its device: what the loss holds the learner to, and what the members
// start from.
import type { RunConfig } from "../../flags/run_config.ts";
import { type Adapter, keyOf } from "../../../core/mod.ts";
import { type ReferenceMode, type Snapshot, uploadSnapshot } from "../../../scheduler/mod.ts";
import type { Device } from "../../../backend/mod.ts";
import type { StoredAdapter } from "../../policy/adapter_files.ts";
import { type StartMembers, startMembers } from "../../policy/start_adapter.ts";
import type { RunAdapters } from "../plan/run_adapters.ts";

/** The policies of a run on the device. Disposing it frees them. */
export interface RunPolicies extends Disposable {
  /** What the loss holds the learner to. */
  readonly reference: ReferenceMode;
  /** What the members start from; absent for fresh ones. */
  readonly start?: { readonly members: StartMembers; readonly policy: Adapter };
}

/** Puts the reference and the start of a run on the device. */
export function openRunPolicies(
  device: Device,
  config: RunConfig,
  { fixed, start }: RunAdapters,
): RunPolicies {
  using stack = new DisposableStack();
  const id = `start-${start?.digest.slice(0, 16)}`;
  const snapshot = start && stack.use(uploadSnapshot(device, id, start.layout, start.params));
  const { mode } = stack.use(openReference(device, config, fixed, snapshot));
  const owned = stack.move();
  const members = start && startMembers(start, config.adapter.members, keyOf(config.sampling.seed));
  return {
    reference: mode,
    ...(snapshot && members ? { start: { members, policy: snapshot.adapter() } } : {}),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/**
 * What the loss holds the learner to, on the device; the caller disposes it.
 *
 * @param adapter Of a fixed reference.
 * @param start The policy that the members start from; absent for the bare model. The reference "sft" is it.
 */
function openReference(
  device: Device,
  { method: { reference, emaRate } }: RunConfig,
  adapter: StoredAdapter | undefined,
  start?: Snapshot,
): Disposable & { readonly mode: ReferenceMode } {
  if (adapter !== undefined) {
    const id = `fixed-${adapter.digest.slice(0, 16)}`;
    const fixed = uploadSnapshot(device, id, adapter.layout, adapter.params);
    const mode = { kind: "fixed", id, adapter: fixed.adapter() } as const;
    return { mode, [Symbol.dispose]: () => fixed[Symbol.dispose]() };
  }
  if (reference === "sft" && start !== undefined) {
    const mode = { kind: "fixed", id: start.id, adapter: start.adapter() } as const;
    return { mode, [Symbol.dispose]: () => {} };
  }
  const mode: ReferenceMode = reference === "ema"
    ? { kind: "ema", rate: emaRate }
    : { kind: reference === "sft" ? "sft" : "behaviour" };
  return { mode, [Symbol.dispose]: () => {} };
}
