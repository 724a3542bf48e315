// A run's plan on its device: the weights, the policies that stay as they are, how a step is split to fit beside them, and
// what makes the run the same work wherever it goes on.
import type { Device } from "../../../backend/mod.ts";
import type { PairSource } from "../../../training/mod.ts";
import { type RunConfig, runConfig } from "../../flags/run_config.ts";
import type { RunIdentity } from "../../folder/run_folder.ts";
import { kernelPath, openRunDevice } from "../../policy/device.ts";
import type { FetchOptions } from "../../policy/hub_files.ts";
import { adapterPrint, basePrints } from "../../policy/prints.ts";
import { asUsage } from "../../terminal/system_mistake.ts";
import type { RunPlan } from "../plan/plan.ts";
import { recordedPairs } from "../plan/recorded_pairs.ts";
import { openRunPolicies, type RunPolicies } from "./run_policies.ts";
import { splitSteps } from "./step_split.ts";
import { loadWorkload, type Workload } from "./workload.ts";

/** A plan on its device. Disposing it frees everything there. */
export interface LoadedPlan extends Disposable {
  /** Where it is; opened for this run. */
  readonly device: Device;
  /** Model and prompts. */
  readonly workload: Workload;
  /** What the loss holds the learner to, and what the members start from. */
  readonly policies: RunPolicies;
  /** Pairs that are there already, to train on instead of new ones. */
  readonly recorded?: PairSource;
  /** The flags, with the split of a step among them. */
  readonly config: RunConfig;
  /** What must stay the same for the run to be resumed. */
  readonly identity: RunIdentity;
}

/**
 * Opens the device and puts a plan there.
 *
 * @param plan Borrowed.
 * @throws {UsageError} If there is no such device, the replayed pairs are another model's, or a step cannot fit.
 */
export async function loadPlan(plan: RunPlan, options: FetchOptions): Promise<LoadedPlan> {
  const { files, config, adapters, replay, stored } = plan;
  const { terminal } = options;
  using stack = new DisposableStack();
  const device = stack.use(await openRunDevice(config.device, stored, terminal));
  const workload = stack.use(await asUsage(() => loadWorkload(device, files, config, options)));
  const prints = { model: workload.modelDigest, ...await basePrints(files.base) };
  replay?.requireModel({ ...prints, rule: plan.rule });
  const policies = stack.use(openRunPolicies(device, config, adapters));
  const split = await splitSteps({ device, workload, policies, config, stored, replay, terminal });
  const settings = { ...plan.settings, ...split };
  const identity: RunIdentity = {
    config: settings,
    kernelPath: kernelPath(device.info),
    ...prints,
    prompts: files.promptsDigest,
    ...await contentPrints(plan),
  };
  const owned = stack.move();
  return {
    ...{ device, workload, policies, config: runConfig(settings), identity },
    recorded: recordedPairs(files, replay),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

type ContentPrints = Pick<
  RunIdentity,
  "referenceAdapter" | "replayedPairs" | "startAdapter" | "rule"
>;

/** Fingerprints of what flags name besides the model and the data. */
async function contentPrints(
  { adapters: { fixed, start }, replay, rule }: RunPlan,
): Promise<ContentPrints> {
  return {
    ...(fixed ? { referenceAdapter: await adapterPrint(fixed) } : {}),
    ...(replay ? { replayedPairs: replay.digest } : {}),
    ...(start ? { startAdapter: await adapterPrint(start) } : {}),
    ...(rule === undefined ? {} : { rule }),
  };
}
