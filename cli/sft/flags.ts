// What `leash sft` is asked: its table of flags, and from their values to a new run or to one that goes on.
import type { BaseFlags } from "../policy/base_model.ts";
import type { DataFlags } from "../data/rows.ts";
import { type Flag, given, number, text, under, whole } from "../flags/kinds.ts";
import { completeValues, type FlagValue } from "../flags/parser.ts";
import { UsageError } from "../terminal/mistake.ts";
import { acceptedFields } from "../folder/changes.ts";
import { extendedSftConfig } from "../train/extension.ts";
import { requireOneFolder, requireResume } from "../flags/run_config.ts";
import { withAbsolutePaths } from "../flags/paths.ts";
import { FORMATS, type Identity, readIdentity } from "../folder/run_folder.ts";
import type { DeviceChoice } from "../policy/device.ts";
import type { SftPlan } from "./run.ts";
import {
  ACCEPT_CHANGE_ROW,
  ALPHA_ROW,
  CHAT_FLAGS,
  CHECKPOINTING_ROW,
  DATA_VALUE,
  DEVICE_FLAGS,
  MODEL_FLAGS,
  RANK_ROW,
  RESUME_ROW,
  ROW_FLAGS,
  SCHEDULE_ROW,
  SEED_ROW,
} from "../flags/shared.ts";
import { LORA_FLAGS } from "../train/flags.ts";

/** Most tokens of a row unless `--max-length` says otherwise. */
export const DEFAULT_LENGTH: number = 1024;
const RATE = { adapter: 2e-4, full: 2e-5 };

/** Every flag of `leash sft`. */
export const SFT_FLAGS: readonly Flag[] = [
  ...MODEL_FLAGS,
  ...under("Data", [
    {
      name: "data",
      value: DATA_VALUE,
      type: text,
      required: true,
      help: "Dataset with prompt and completion, messages, chosen answers, or text",
    },
    ...ROW_FLAGS,
    ...CHAT_FLAGS,
    {
      name: "max-length",
      value: "N",
      type: whole(2, 1e6),
      shownDefault: `the context, at most ${DEFAULT_LENGTH}`,
      help: "Most tokens of a row; a longer one loses its end",
    },
    {
      name: "max-prompt",
      value: "N",
      type: whole(1, 1e6),
      shownDefault: "what its answer leaves",
      help: "Most tokens of a prompt; a longer one loses its oldest turns, then words",
    },
    {
      name: "eval-share",
      value: "S",
      type: number(0, 0.5),
      default: 0.05,
      help: "Share of the rows that is held out to measure on",
    },
  ]),
  ...under("Training", [
    {
      name: "steps",
      value: "T",
      type: whole(1, 1e7),
      shownDefault: "by --epochs",
      help: "Updates",
    },
    {
      name: "epochs",
      value: "N",
      type: whole(1, 1000),
      shownDefault: "1",
      help: "Times through the data, instead of --steps",
    },
    {
      name: "batch-tokens",
      value: "N",
      type: whole(1, 1e6),
      default: 2048,
      help: "Tokens of a batch: whole rows, packed without padding",
    },
    {
      name: "micro-tokens",
      value: "N",
      type: whole(1, 1e6),
      shownDefault: "all, or what fits",
      help: "Tokens of a batch that go through the model at once; their gradients are summed",
    },
    CHECKPOINTING_ROW,
    {
      name: "lr",
      value: "LR",
      type: number(1e-9, 10),
      shownDefault: `${RATE.adapter}, with --full ${RATE.full}`,
      help: "Learning rate of AdamW",
    },
    SCHEDULE_ROW,
    SEED_ROW,
  ]),
  ...under("What learns", [
    { name: "full", ...given, help: "All weights in f32 instead of an adapter" },
    { ...RANK_ROW, help: "Rank of the adapter" },
    ALPHA_ROW,
    ...LORA_FLAGS,
  ]),
  ...under("Result", [
    {
      name: "out",
      value: "DIR",
      type: text,
      shownDefault: "runs/TIME-sft-SEED",
      help: "Folder to make, with adapter/ or model/, metrics.jsonl and summary.json",
    },
    RESUME_ROW,
    ACCEPT_CHANGE_ROW,
    {
      name: "checkpoint-every",
      value: "N",
      type: whole(1, 1e7),
      default: 50,
      help: "Steps between checkpoints",
    },
  ]),
  ...DEVICE_FLAGS,
];

/** What defines a run. Fields are the flags' names in camel case. */
export interface SftConfig extends DeviceChoice, BaseFlags, DataFlags, SftPlan {
  /** Most tokens of a row; absent for the context, at most {@link DEFAULT_LENGTH}. */
  readonly maxLength?: number;
  /** Most tokens of a prompt; absent for what its answer leaves. */
  readonly maxPrompt?: number;
  /** Share of the rows that is held out. */
  readonly evalShare: number;
  /** A user's number. */
  readonly seed: number;
  /** All weights instead of an adapter. */
  readonly full: boolean;
  /** r. */
  readonly rank: number;
  /** scale = alpha / rank. */
  readonly alpha: number;
  /** Names with commas, a pattern, or "all-linear"; absent for all. */
  readonly targetModules?: string;
  /** scale = alpha / √rank. */
  readonly rslora: boolean;
  /** Tokens of a batch that go through the model at once; absent for all. */
  readonly microTokens?: number;
  /** Whether only each block's input is kept for the backward pass. */
  readonly gradientCheckpointing?: boolean;
}

/** What must be the same for a run to go on bit for bit. */
export interface SftIdentity extends Identity<SftConfig> {
  /** Fingerprint of the rows in tokens. */
  readonly rows: string;
}

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
  values: Readonly<Record<string, FlagValue>>,
): Promise<SftRequest> {
  const { resume, out, acceptChange, ...given } = values;
  if (resume !== undefined) {
    requireOneFolder("sft", values);
    const dir = String(resume);
    const stored = await readIdentity<SftIdentity>(dir, "resume", FORMATS.sft);
    const wanted = given as Partial<SftConfig>;
    const { config, changed } = extendedSftConfig(dir, stored.config, wanted);
    const accepted = acceptedFields(acceptChange === undefined ? undefined : String(acceptChange));
    return { config, resume: { stored, extended: changed, accepted }, out: dir };
  }
  requireResume("sft", values);
  const complete = completeValues("sft", SFT_FLAGS, given) as unknown as SftConfig;
  checkFlags(complete, given);
  const lr = complete.lr ?? (complete.full ? RATE.full : RATE.adapter);
  return {
    config: withAbsolutePaths({ ...complete, lr }),
    out: out === undefined ? defaultOut(complete.seed) : String(out),
  };
}

function checkFlags(flags: SftConfig, given: Readonly<Record<string, unknown>>): void {
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
  const adapter = [
    ...["rank", "alpha", "targetModules", "rslora", "microTokens", "gradientCheckpointing"],
  ].find((name) => given[name]);
  if (adapter !== undefined) {
    refuse(`--full and a flag of the adapter (${adapter}) are both given`, "one of them");
  }
}

function defaultOut(seed: number): string {
  return `runs/${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}-sft-${seed}`;
}
