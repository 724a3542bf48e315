// A run that is to be longer than it was: its steps and phases so far stay as they were, the schedule is from now on that
// of the whole length, and a new phase begins where the old end was.
import { runConfig, type RunSettings } from "../flags/run_config.ts";
import { UsageError } from "../terminal/mistake.ts";
import { cadenceOf } from "../flags/cadence.ts";
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
  stored: RunSettings,
  given: RunSettings,
): ExtendedConfig<RunSettings> {
  const { steps, ...others } = given;
  const config = resumedConfig(dir, stored, others);
  if (steps === undefined || steps === stored.steps) return { config, changed: [] };
  const before = runConfig(stored).method;
  requireMore(dir, "--steps", steps, before.steps);
  const { refreshEvery } = cadenceOf(before);
  const { phases: _phases, extendedAt, ...rest } = config;
  const breaks = [...extendedAt?.split(",") ?? [], before.steps].join(",");
  return {
    config: { ...rest, steps, refreshEvery, extendedAt: breaks },
    changed: ["steps", "phases", "refreshEvery", "extendedAt"],
  };
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
