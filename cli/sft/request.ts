// What `leash sft` is asked: from the values of its flags to a new run, or to one that goes on.
import type { FlagValue } from "../flags/parser.ts";
import { allValues, givenValues, rowsOf } from "../flags/values.ts";
import { UsageError } from "../terminal/mistake.ts";
import { acceptedFields } from "../folder/changes.ts";
import { extendedSftConfig } from "./extension.ts";
import { requireOneFolder, requireResume } from "../flags/train_request.ts";
import { datedFolder, withAbsolutePaths } from "../flags/paths.ts";
import { FORMATS, readIdentity } from "../folder/run_folder.ts";
import {
  CONFIG_ROWS,
  SFT_RATE,
  SFT_SECTIONS,
  type SftConfig,
  type SftIdentity,
  type SftValues,
} from "./flags.ts";

const ROWS = rowsOf(SFT_SECTIONS);

/** What is asked for. */
export interface SftRequest {
  /** Of the whole run. */
  readonly config: SftConfig;
  /** Its folder. */
  readonly out: string;
  /** A run that goes on. */
  readonly resume?: SftResume;
}

/** What a run that goes on is asked for. */
export interface SftResume {
  /** What the folder says of itself. */
  readonly stored: SftIdentity;
  /** Flags that make it longer. */
  readonly extended: readonly string[];
  /** Fields of the identity that may differ. */
  readonly accepted: readonly string[];
}

/**
 * What the values of the flags ask for.
 *
 * @param values Those that were given.
 * @throws {UsageError} If two contradict each other or those of the run to resume, or its folder holds none.
 */
export async function sftRequest(
  given: Readonly<Record<string, FlagValue>>,
): Promise<SftRequest> {
  const values = givenValues(ROWS, given);
  const { resume, out, acceptChange, ...settings } = values;
  if (resume !== undefined) {
    requireOneFolder("sft", values);
    const stored = await readIdentity<SftIdentity>(resume, "resume", FORMATS.sft);
    const { config, changed } = extendedSftConfig(resume, stored.config, settings);
    const accepted = acceptedFields(acceptChange);
    return { config, resume: { stored, extended: changed, accepted }, out: resume };
  }
  requireResume("sft", values);
  const lr = settings.full ? SFT_RATE.full : SFT_RATE.adapter;
  const config = allValues("sft", CONFIG_ROWS, { lr, ...settings });
  checkFlags(config, settings);
  return { config: withAbsolutePaths(config), out: out ?? datedFolder("sft", config.seed) };
}

const OF_ADAPTER = [
  ...["rank", "alpha", "targetModules", "rslora", "microTokens", "gradientCheckpointing"] as const,
];

function checkFlags(flags: SftConfig, given: SftValues): void {
  const refuse = (found: string, expected: string) => {
    throw new UsageError({ verb: "sft", found, expected });
  };
  if (flags.steps !== undefined && flags.epochs !== undefined) {
    refuse("--steps and --epochs are both given", "one of them");
  }
  if (!flags.full) return;
  if (flags.baseDtype !== "f32") {
    refuse(`--base-dtype is ${flags.baseDtype} and --full is given`, "f32, which all weights need");
  }
  const adapter = OF_ADAPTER.find((name) => given[name]);
  if (adapter !== undefined) {
    refuse(`--full and a flag of the adapter (${adapter}) are both given`, "one of them");
  }
}
