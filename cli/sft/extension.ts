// A run of `leash sft` that is to be longer than it was, by `--steps` or by `--epochs`.
import { UsageError } from "../terminal/mistake.ts";
import { type ExtendedConfig, requireMore } from "../train/extension.ts";
import { resumedConfig } from "../train/resume.ts";
import type { SftConfig } from "./flags.ts";

/**
 * The stored config with what was given beside `--resume`: more of one of both make the run longer.
 *
 * @throws {UsageError} If both are given, or fewer, or another flag is not the run's.
 */
export function extendedSftConfig(
  dir: string,
  stored: SftConfig,
  given: Partial<SftConfig>,
): ExtendedConfig<SftConfig> {
  const { steps, epochs, ...others } = given;
  const config = resumedConfig(dir, stored, others);
  if (steps !== undefined && epochs !== undefined) {
    throw new UsageError({
      ...{ verb: "resume", thing: dir },
      ...{ found: "--steps and --epochs are both given", expected: "one of them" },
    });
  }
  const name = steps === undefined ? "epochs" : "steps";
  const value = given[name];
  if (value === undefined || value === stored[name]) return { config, changed: [] };
  const before = stored[name];
  if (before !== undefined) requireMore(dir, `--${name}`, value, before);
  const { steps: _steps, epochs: _epochs, ...rest } = config;
  return { config: { ...rest, [name]: value }, changed: ["steps", "epochs"] };
}
