// What the values of `train`'s flags ask for: a new run, or one that goes on; and what follows from several of them.
import { UsageError } from "../terminal/mistake.ts";
import { fieldOf } from "./kinds.ts";
import { type FlagValue, parseTable } from "./parser.ts";
import type { RunSettings } from "./run_config.ts";
import {
  CONFIG_ROWS,
  DEFAULT_PHASES,
  STORIES_USUAL,
  TRAIN_FLAGS,
  TRAIN_SECTIONS,
} from "./train_table.ts";
import { type GivenValues, givenValues, type RowsOf, rowsOf } from "./values.ts";

const ROWS = rowsOf(TRAIN_SECTIONS);

/** The values of `train`'s flags that were given. */
export type TrainValues = GivenValues<RowsOf<typeof TRAIN_SECTIONS>>;

/** A run that begins, in `out` or a folder named after the time. */
export interface StartRequest {
  /** Which. */
  readonly kind: "start";
  /** Its flags, every default among them. */
  readonly settings: RunSettings;
  /** `--out`. */
  readonly out?: string;
  /** `--trust-rule`. */
  readonly trustRule?: boolean;
}

/** A run that goes on. */
export interface ResumeRequest {
  /** Which. */
  readonly kind: "resume";
  /** Its folder. */
  readonly dir: string;
  /** The flags that stood beside `--resume`. */
  readonly given: RunSettings;
  /** What may differ from the run so far, names with commas. */
  readonly acceptChange?: string;
  /** Run its rule although the folder was begun elsewhere. */
  readonly trustRule?: boolean;
}

/** What is asked for. */
export type TrainRequest = StartRequest | ResumeRequest;

/** The run that `deno task train` and `deno task compare` know: the stories model, its rule, and what is usual for both. */
export const STORIES_PRESET = {
  annotator: "stories",
  ...STORIES_USUAL,
} as const satisfies TrainValues;

/**
 * The values of `train`'s flags, each of the kind that its row says.
 *
 * @param values As the parser gives them.
 */
export function trainValues(values: Readonly<Record<string, FlagValue>>): TrainValues {
  return givenValues(ROWS, values);
}

/**
 * The run of the stories model that arguments ask for.
 *
 * @param command What "Cannot …" says.
 * @throws {UsageError} If a flag is unknown, has no or a bad value, or two contradict each other.
 */
export function storiesRequest(command: string, args: readonly string[]): TrainRequest {
  const given = trainValues(parseTable(command, TRAIN_FLAGS, args).values);
  return trainRequest(
    command,
    given.resume === undefined ? { ...STORIES_PRESET, ...given } : given,
  );
}

/**
 * What values ask for.
 *
 * @param command What "Cannot …" says.
 * @throws {UsageError} If two contradict each other.
 */
export function trainRequest(command: string, values: TrainValues): TrainRequest {
  const { resume, out, acceptChange, trustRule, ...settings } = values;
  const trust = trustRule ? { trustRule } : {};
  if (resume !== undefined) {
    requireOneFolder(command, values);
    const accept = acceptChange === undefined ? {} : { acceptChange };
    return { kind: "resume", dir: resume, given: settings, ...accept, ...trust };
  }
  requireResume(command, values);
  return {
    kind: "start",
    settings: completeSettings(command, settings),
    ...(out === undefined ? {} : { out }),
    ...trust,
  };
}

/** Flags that say which folder a run has. */
interface FolderValues {
  readonly resume?: string;
  readonly out?: string;
  readonly acceptChange?: string;
}

/**
 * Refuses `--accept-change` without `--resume`.
 *
 * @throws {UsageError} If it is given.
 */
export function requireResume(command: string, { acceptChange }: FolderValues): void {
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
export function requireOneFolder(command: string, { resume, out }: FolderValues): void {
  if (resume === undefined || out === undefined) return;
  throw new UsageError({
    verb: command,
    found: "--out is given beside --resume",
    expected: "one of them: a run stays in its folder",
  });
}

/**
 * The settings of a run that begins: with the defaults, those that follow from other flags included.
 *
 * @throws {UsageError} If two contradict each other.
 */
export function completeSettings(command: string, given: RunSettings): RunSettings {
  const settings = withDefaults(given);
  const { steps = 0, phases, refreshEvery, evalEvery } = settings;
  if (phases !== undefined && refreshEvery !== undefined) {
    throw new UsageError({
      verb: command,
      found: "--phases and --refresh-every are both given",
      expected: "one of them",
    });
  }
  if (phases !== undefined && phases > steps) {
    throw new UsageError({
      verb: command,
      found: `--phases is ${phases}`,
      expected: `at most the ${steps} of --steps`,
      fix: `The nearest is ${steps}`,
    });
  }
  const usual = refreshEvery === undefined ? { phases: Math.min(DEFAULT_PHASES, steps) } : {};
  return withDefaults({
    ...settings,
    ...(phases === undefined ? usual : {}),
    reference: settings.reference ?? "behaviour",
    evalEvery: evalEvery ?? Math.ceil(steps / 10),
  });
}

/** Settings in the order of the table, with its plain defaults. */
export function withDefaults(given: RunSettings): RunSettings {
  const found = new Map<string, unknown>(Object.entries(given));
  const values: Record<string, unknown> = {};
  for (const row of CONFIG_ROWS) {
    const field = fieldOf(row.name);
    const value = found.get(field) ?? ("default" in row ? row.default : undefined);
    if (value !== undefined) values[field] = value;
  }
  return givenValues(CONFIG_ROWS, values);
}
