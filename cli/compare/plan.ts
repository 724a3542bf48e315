// What `deno task compare` runs, as data: every method at every number of members with every seed. All runs have the
// same budget and the same hyperparameters; only what makes a method is its own.
import { type RunConfig, runConfig, type RunSettings } from "../flags/run_config.ts";
import { storiesRequest } from "../flags/train_request.ts";
import { UsageError } from "../terminal/mistake.ts";

/** What is compared: what the loss holds the learner to, and how often the snapshot is refreshed. */
export interface Method {
  /** In names of folders. */
  readonly id: string;
  /** In tables and figures. */
  readonly title: string;
  /** `--reference`. */
  readonly reference: "sft" | "behaviour";
  /** `--phases`, of the number of steps. */
  readonly phases: (steps: number) => number;
}

/** The rivals, and BPO at both ends of its range. */
export const METHODS: readonly Method[] = [
  { id: "offline-dpo", title: "Offline DPO", reference: "sft", phases: () => 1 },
  { id: "on-policy-dpo", title: "On-policy DPO", reference: "sft", phases: (steps) => steps },
  { id: "bpo-f2", title: "BPO, F = 2", reference: "behaviour", phases: () => 2 },
  { id: "bpo-ft", title: "BPO, F = T", reference: "behaviour", phases: (steps) => steps },
];

/** Sizes that end within 40 minutes on two cores. */
export const SIZES = {
  seeds: 3,
  members: [1, 5],
  shared: { "steps": "40", "pairs": "8", "eval-prompts": "256" },
} as const;

/** What a comparison is made of. */
export interface PlanOptions {
  /** Seeds 1, 2 … of every cell. */
  readonly seeds: number;
  /** Every K. */
  readonly members: readonly number[];
  /** Flags of `deno task train` that all runs share, by name; those that are absent have {@link SIZES} or its defaults. */
  readonly shared: Readonly<Record<string, string>>;
}

/** One run of a comparison. */
export interface PlannedRun {
  /** Of its folder. */
  readonly name: string;
  /** Which method. */
  readonly method: Method;
  /** K. */
  readonly members: number;
  /** A user's number. */
  readonly seed: number;
  /** All its flags, as config.json has them. */
  readonly settings: RunSettings;
}

/** Fewest steps at which all methods differ. */
const LEAST_STEPS = 3;

/**
 * Lays the runs out, seed by seed, so that every cell has been seen once early.
 *
 * @throws {UsageError} If a shared flag has a bad value.
 */
export function planOf({ seeds, members, shared }: PlanOptions): PlannedRun[] {
  const flags = Object.entries({ ...SIZES.shared, ...shared })
    .map(([name, value]) => `--${name}=${value}`);
  const { steps } = methodOf(flags);
  if (steps < LEAST_STEPS) {
    throw new UsageError({
      verb: "compare",
      found: `--steps is ${steps}`,
      expected: `at least ${LEAST_STEPS}, where all methods differ`,
    });
  }
  const runs: PlannedRun[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    for (const k of members) {
      for (const method of METHODS) {
        const settings = settingsOf([
          ...flags,
          `--reference=${method.reference}`,
          `--phases=${method.phases(steps)}`,
          `--members=${k}`,
          `--seed=${seed}`,
          `--eval-every=${steps}`, // the start and the end are all that is compared
        ]);
        runs.push({ name: `${method.id}-k${k}-seed${seed}`, method, members: k, seed, settings });
      }
    }
  }
  return runs;
}

/** Flags as the settings of a run that begins. */
function settingsOf(flags: readonly string[]): RunSettings {
  const request = storiesRequest("compare", flags);
  return request.kind === "start" ? request.settings : request.given;
}

const methodOf = (flags: readonly string[]): RunConfig["method"] =>
  runConfig(settingsOf(flags)).method;
