// From the arguments of `deno task train` to a checked config: its table, then what follows from several flags together.
import type { LossName } from "../../losses/mod.ts";
import type { BaseDType } from "../../backend/mod.ts";
import type { RowFormatName, ScheduleName } from "../../core/mod.ts";
import { DEFAULT_PHASES, fieldOf, type Flag, flagOf, FLAGS } from "./train_table.ts";
import { type FlagValue, parseTable } from "./parser.ts";
import { UsageError } from "../terminal/mistake.ts";

/** What defines a run. Fields are the flags' names in camel case. */
export interface RunConfig {
  /** One of `lossNames`. */
  readonly loss: LossName;
  /** "behaviour", "sft", "ema", or the folder of an adapter. */
  readonly reference: string;
  /** Of the ema reference. */
  readonly emaRate: number;
  /** F; absent where `refreshEvery` was given. */
  readonly phases?: number;
  /** Steps between refreshes; absent where `phases` says it. */
  readonly refreshEvery?: number;
  /** Steps that the run had each time before it was extended, with commas; a phase begins there. No flag. */
  readonly extendedAt?: string;
  /** K. */
  readonly members: number;
  /** Annotator and combinators, e.g. "stories,noise:0.1". */
  readonly annotator: string;
  /** T. */
  readonly steps: number;
  /** Pairs a step. */
  readonly pairs: number;
  /** Most tokens of an answer. */
  readonly maxNew: number;
  /** r. */
  readonly rank: number;
  /** scale = alpha / rank. */
  readonly alpha: number;
  /** Inverse temperature, or tau. */
  readonly beta: number;
  /** Base learning rate. */
  readonly lr: number;
  /** Its decay. */
  readonly schedule: ScheduleName;
  /** A user's number. */
  readonly seed: number;
  /** Of sampling. */
  readonly temperature: number;
  /** Of sampling. */
  readonly topP: number;
  /** "auto", "cpu" or "webgpu". */
  readonly device: "auto" | "cpu" | "webgpu";
  /** Of the CPU device. */
  readonly threads?: number;
  /** File of prompts; absent for the embedded ones. */
  readonly prompts?: string;
  /** Folder of a model; absent for the embedded one. */
  readonly model?: string;
  /** Folder of a run whose pairs are trained on. */
  readonly replay?: string;
  /** Most prompts to evaluate on. */
  readonly evalPrompts: number;
  /** Prompts of an evaluation that is neither the first nor the last, at most. */
  readonly phasePrompts: number;
  /** Fewest steps between evaluations. */
  readonly evalEvery: number;
  /** Steps between checkpoints within a phase. */
  readonly checkpointEvery: number;
  /** How the base's matrices lie on the device; absent for f32. */
  readonly baseDtype?: BaseDType;
  /** Longest text, tokens; absent for the model's positions. */
  readonly context?: number;
  /** File, folder, pattern or hub id of a dataset; absent for `prompts`. */
  readonly data?: string;
  /** Which part of the dataset. */
  readonly split?: string;
  /** Columns that have other names in it, `ours=theirs` with commas. */
  readonly columns?: string;
  /** Its row format; absent for what its first row says. */
  readonly format?: RowFormatName;
  /** First message of every dialogue. */
  readonly system?: string;
  /** When rows go through the chat template; absent for "auto". */
  readonly chat?: "auto" | "always" | "never";
  /** End tokens beside the model's own, texts or ids with commas between. */
  readonly endToken?: string;
  /** The day that the chat template is told; absent where it asks for none. */
  readonly date?: string;
  /** Most tokens of a prompt; absent for what fits. */
  readonly maxPrompt?: number;
  /** Rows to read at most. */
  readonly limit?: number;
  /** Whether the first row that cannot be used ends the command. */
  readonly strict?: boolean;
  /** Train on the dataset's preferences instead of generating. */
  readonly offline?: boolean;
  /** PEFT folder that the members start from. */
  readonly adapter?: string;
  /** Names with commas, a pattern, or "all-linear"; absent for all. */
  readonly targetModules?: string;
  /** scale = alpha / √rank. */
  readonly rslora?: boolean;
  /** Whether only each block's input is kept for the backward pass. */
  readonly gradientCheckpointing?: boolean;
  /** What a rule's file may do besides scoring; absent for nothing, "all" where it is trusted. */
  readonly rulePermissions?: string;
  /** Seconds that a rule's file has for an answer. */
  readonly ruleTimeout?: number;
  /** Pairs that go through the model at once; absent for all. */
  readonly microBatch?: number;
  /** Most GiB that may be taken on the device; absent for what there is. */
  readonly memory?: number;
}

/** Fields that may change on `--resume`, since no bit of the result depends on them. */
export const FREE_FIELDS: readonly string[] = [
  "threads",
  "checkpointEvery",
  "gradientCheckpointing",
  "ruleTimeout",
  "memory",
];

/** What the arguments ask for. */
export type Command =
  | { readonly kind: "help" }
  /** A new run, in `out` or a folder named after the time. */
  | {
    readonly kind: "start";
    readonly config: RunConfig;
    readonly out?: string;
    readonly trustRule?: boolean;
  }
  /** The run in `dir` goes on; `given` holds the flags that stood beside `--resume`. */
  | {
    readonly kind: "resume";
    readonly dir: string;
    readonly given: Partial<RunConfig>;
    /** What may differ from the run so far, names with commas. */
    readonly acceptChange?: string;
    /** Run its rule although the folder was begun elsewhere. */
    readonly trustRule?: boolean;
  };

type Values = Record<string, FlagValue>;

/**
 * Reads the arguments.
 *
 * @param args As in `Deno.args`.
 * @throws {UsageError} If a flag is unknown, has no or a bad value, or two contradict each other.
 */
export function parseFlags(args: readonly string[]): Command {
  const { help, values } = parseTable("train", FLAGS, args);
  return help ? { kind: "help" } : commandOf(FLAGS, values as Values);
}

/**
 * What values ask for.
 *
 * @param flags The table that they are by, for the defaults.
 * @throws {UsageError} If two contradict each other.
 */
export function commandOf(
  flags: readonly Flag[],
  values: Readonly<Values>,
): Exclude<Command, { kind: "help" }> {
  const { resume, out, acceptChange, trustRule, ...config } = values;
  const trust = trustRule ? { trustRule: true } : {};
  if (resume !== undefined) {
    requireOneFolder("train", values);
    return {
      ...{ kind: "resume", dir: String(resume), given: config as Partial<RunConfig> },
      ...(acceptChange === undefined ? {} : { acceptChange: String(acceptChange) }),
      ...trust,
    };
  }
  requireResume("train", values);
  return {
    kind: "start",
    config: completeConfig(flags, config),
    ...(out === undefined ? {} : { out: String(out) }),
    ...trust,
  };
}

/**
 * Refuses `--accept-change` without `--resume`.
 *
 * @throws {UsageError} If it is given.
 */
export function requireResume(command: string, { acceptChange }: Readonly<Values>): void {
  if (acceptChange === undefined) return;
  throw new UsageError({
    verb: command,
    found: "--accept-change is given without --resume",
    expected: "the run that changed",
  });
}

/**
 * Refuses `--out` beside `--resume`.
 *
 * @throws {UsageError} If both are given.
 */
export function requireOneFolder(command: string, { resume, out }: Readonly<Values>): void {
  if (resume === undefined || out === undefined) return;
  throw new UsageError({
    verb: command,
    found: "--out is given beside --resume",
    expected: "one of them: a run stays in its folder",
  });
}

/** Fills in the defaults, those that follow from other flags included. */
function completeConfig(flags: readonly Flag[], given: Values): RunConfig {
  const values: Values = {};
  for (const flag of flags) {
    const field = fieldOf(flag.name);
    const value = given[field] ?? flag.default;
    if (value !== undefined) values[field] = value;
  }
  const steps = values.steps as number;
  if (values.phases !== undefined && values.refreshEvery !== undefined) {
    throw new UsageError({
      verb: "train",
      found: "--phases and --refresh-every are both given",
      expected: "one of them",
    });
  }
  if (values.phases === undefined && values.refreshEvery === undefined) {
    values.phases = Math.min(DEFAULT_PHASES, steps);
  }
  if (values.phases as number > steps) {
    throw new UsageError({
      verb: "train",
      found: `--phases is ${values.phases}`,
      expected: `at most the ${steps} of --steps`,
      fix: `The nearest is ${steps}`,
    });
  }
  values.evalEvery ??= Math.ceil(steps / 10);
  return values as unknown as RunConfig;
}

/**
 * The first field in which two configs differ, as a flag and both values; undefined where they are equal.
 *
 * @param fields Which fields to look at.
 */
export function firstDifference(
  found: object,
  expected: object,
  fields: readonly string[],
): { readonly flag: string; readonly found: string; readonly expected: string } | undefined {
  const shown = (value: unknown) => value === undefined ? "not given" : String(value);
  for (const field of fields.filter((field) => !FREE_FIELDS.includes(field))) {
    const a = found[field as keyof typeof found], b = expected[field as keyof typeof expected];
    if (a !== b) return { flag: `--${flagOf(field)}`, found: shown(a), expected: shown(b) };
  }
  return undefined;
}
