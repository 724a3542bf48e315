// A run that is to be longer than it was: its steps and phases so far stay as they were, the schedule is from now on that
// of the whole length, and a new phase begins where the old end was.
import type { RunConfig } from "../flags/run_config.ts";
import { UsageError } from "../terminal/mistake.ts";
import { cadenceOf } from "../flags/method.ts";
import { resumedConfig } from "./resume.ts";

/** A config that goes on. */
export interface ExtendedConfig<Config> {
  /** What the run goes on with. */
  readonly config: Config;
  /** Its flags that are others than they were; empty where the run is as long as it was. */
  readonly changed: readonly string[];
}

/**
 * The stored config with what was given beside `--resume`: more `--steps` make the run longer.
 *
 * @throws {UsageError} If they are fewer, or another flag is not the run's.
 */
export function extendedConfig(
  dir: string,
  stored: RunConfig,
  given: Partial<RunConfig>,
): ExtendedConfig<RunConfig> {
  const { steps, ...others } = given;
  const config = resumedConfig(dir, stored, others);
  if (steps === undefined || steps === stored.steps) return { config, changed: [] };
  requireMore(dir, "--steps", steps, stored.steps);
  const { refreshEvery } = cadenceOf(stored);
  const { phases: _phases, extendedAt, ...rest } = config;
  const breaks = [...extendedAt?.split(",") ?? [], stored.steps].join(",");
  return {
    config: { ...rest, steps, refreshEvery, extendedAt: breaks },
    changed: ["steps", "phases", "refreshEvery", "extendedAt"],
  };
}

/** How long a run of `leash sft` is: by one of both. */
export interface SftLength {
  /** Updates. */
  readonly steps?: number;
  /** Times through the data. */
  readonly epochs?: number;
}

/**
 * The same for `leash sft`, where the length is `--steps` or `--epochs`.
 *
 * @throws {UsageError} If both are given, or fewer, or another flag is not the run's.
 */
export function extendedSftConfig<
  Config extends SftLength & Parameters<typeof resumedConfig>[1],
>(dir: string, stored: Config, given: Partial<Config>): ExtendedConfig<Config> {
  const { steps, epochs, ...others } = given;
  const config = resumedConfig(dir, stored, others as Partial<Config>);
  if (steps !== undefined && epochs !== undefined) {
    throw new UsageError({
      verb: "resume",
      thing: dir,
      found: "--steps and --epochs are both given",
      expected: "one of them",
    });
  }
  const name = steps === undefined ? "epochs" : "steps";
  const value = given[name];
  if (value === undefined || value === stored[name]) return { config, changed: [] };
  const before = stored[name];
  if (before !== undefined) requireMore(dir, `--${name}`, value, before);
  const { steps: _steps, epochs: _epochs, ...rest } = config;
  const longer = { ...rest, [name]: value } as unknown as Config;
  return { config: longer, changed: ["steps", "epochs"] };
}

/** Refuses a length under the old one. */
export function requireMore(dir: string, flag: string, found: number, least: number): void {
  if (found > least) return;
  throw new UsageError({
    verb: "resume",
    thing: dir,
    found: `${flag} is ${found}`,
    expected: `more than the ${least} that the run has`,
    fix: "Leave it out, or start a new run",
  });
}
