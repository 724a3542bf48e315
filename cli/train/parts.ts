// The parts of a run that flags name: the device, the reference policy, the recorded pairs. Each mistake is the user's.
import type { Device } from "../../backend/mod.ts";
import { type Adapter, keyOf, linearLayers, selectModules } from "../../core/mod.ts";
import { type ReferenceMode, type Snapshot, uploadSnapshot } from "../../scheduler/mod.ts";
import { readAdapterFolder, type StoredAdapter } from "../policy/adapter_files.ts";
import { adapterFolder } from "../policy/adapter_spec.ts";
import { type RunConfig, runConfig, type RunSettings } from "../flags/run_config.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import { didYouMean } from "../../core/base/nearest.ts";
import { targetsOf } from "../flags/target_modules.ts";
import { offline, type PairSource, replayed } from "../../training/mod.ts";
import { loadReplay, type Replay } from "./replay.ts";
import { isThere } from "../../files/durable/disk.ts";
import { type StartMembers, startMembers } from "../policy/start_adapter.ts";
import type { Workload } from "./workload.ts";
import type { WorkloadFiles } from "./workload_files.ts";

const REFERENCES = ["behaviour", "sft", "ema"];

/** Refuses a `--reference` that is neither a name nor an adapter, before anything is loaded. */
export async function checkReference(reference: string): Promise<void> {
  if (REFERENCES.includes(reference)) return;
  if (await isThere(`${reference}/adapter_config.json`)) return;
  throw new UsageError({
    verb: "train",
    found: `--reference is ${quote(reference)}`,
    expected: `${REFERENCES.join(", ")} or a folder with adapter_config.json.${
      didYouMean(reference, REFERENCES)
    }`,
  });
}

/** The adapter of a fixed reference; undefined for the other modes. */
export async function readReference(
  { method: { reference } }: Pick<RunConfig, "method">,
  { sizes }: Pick<WorkloadFiles, "sizes">,
): Promise<StoredAdapter | undefined> {
  if (REFERENCES.includes(reference)) return undefined;
  return await readAdapterFolder(reference, linearLayers(sizes));
}

/**
 * Refuses `--target-modules` that choose no layer of the model.
 *
 * @throws {Mistake} With the nearest names.
 */
export function checkTargets(
  { adapter: { targetModules } }: Pick<RunConfig, "adapter">,
  { sizes }: Pick<WorkloadFiles, "sizes">,
): void {
  const targets = targetsOf(targetModules);
  if (targets !== undefined) selectModules(linearLayers(sizes), targets);
}

/** The adapter that `--adapter` names: a PEFT folder, or a run's. */
export async function readStart(
  { adapter: { from } }: Pick<RunConfig, "adapter">,
  { sizes }: Pick<WorkloadFiles, "sizes">,
): Promise<StoredAdapter | undefined> {
  if (from === undefined) return undefined;
  return await readAdapterFolder(await adapterFolder(from), linearLayers(sizes));
}

/**
 * What the loss holds the learner to, on the device; the caller disposes it.
 *
 * @param adapter Of a fixed reference.
 * @param start The policy that the members start from; absent for the bare model. The reference "sft" is it.
 */
export function openReference(
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

/** The policies of a run on the device. Disposing it frees them. */
export interface RunPolicies extends Disposable {
  /** What the loss holds the learner to. */
  readonly mode: ReferenceMode;
  /** What the members start from; absent for fresh ones. */
  readonly start?: { readonly members: StartMembers; readonly policy: Adapter };
}

/** Puts the reference and the start of a run on the device. */
export function openRunPolicies(
  device: Device,
  config: RunConfig,
  fixed: StoredAdapter | undefined,
  start: StoredAdapter | undefined,
): RunPolicies {
  using stack = new DisposableStack();
  const id = `start-${start?.digest.slice(0, 16)}`;
  const snapshot = start && stack.use(uploadSnapshot(device, id, start.layout, start.params));
  const { mode } = stack.use(openReference(device, config, fixed, snapshot));
  const owned = stack.move();
  const members = start && startMembers(start, config.adapter.members, keyOf(config.sampling.seed));
  return {
    mode,
    ...(snapshot && members ? { start: { members, policy: snapshot.adapter() } } : {}),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** Pairs that are there before the run: a replay's, or the dataset's of an offline run. */
export function recordedPairs(
  { pairs, prompts }: Pick<Workload, "pairs" | "prompts">,
  replay: Replay | undefined,
): PairSource | undefined {
  const entries = (pairs ?? prompts).train.length;
  if (replay !== undefined) return { ...replayed(replay.records), entries };
  return pairs && offline(pairs.train);
}

/** What a replay needs to know of the reference: its mode. */
function modeOf({ method: { reference } }: RunConfig): ReferenceMode["kind"] {
  if (reference === "behaviour" || reference === "sft" || reference === "ema") return reference;
  return "fixed";
}

/** The pairs that `--replay` names, checked against this run. */
export async function replayOf(
  settings: RunSettings,
  { sizes, tokenizer, modelName }: Pick<WorkloadFiles, "sizes" | "tokenizer" | "modelName">,
): Promise<Replay | undefined> {
  const config = runConfig(settings);
  const { data: { replay }, method: { steps } } = config;
  if (replay === undefined) return undefined;
  const { vocabSize } = sizes;
  return await loadReplay(replay, {
    steps,
    vocabSize,
    tokenizer: { name: modelName, hash: await tokenizer.hash?.() },
    reference: modeOf(config),
    settings,
  });
}
