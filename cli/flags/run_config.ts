// A run's config, inferred from the table of its flags: flat as config.json has it, nested as the program takes it.
import { fieldOf, flagOf } from "./kinds.ts";
import { CONFIG_ROWS } from "./train_table.ts";
import { type GivenValues, member, type NestedValues, nestedValues } from "./values.ts";

type ConfigRow = typeof CONFIG_ROWS[number];

/** What defines a run, as config.json has it: by the flags' names in camel case. */
export type RunSettings = GivenValues<ConfigRow>;

/** The same as the program takes it: in groups, with every default. */
export type RunConfig = NestedValues<ConfigRow>;

/**
 * A run's settings in groups.
 *
 * @throws {TypeError} If one is missing that every run has.
 */
export function runConfig(settings: RunSettings): RunConfig {
  return nestedValues(CONFIG_ROWS, settings);
}

/** What of a config the model depends on, flat as the flags of any command. */
export function modelFlags(
  { files: { model, endToken, date }, device: { baseDtype, context }, data: { chat } }: RunConfig,
): Pick<RunSettings, "model" | "endToken" | "date" | "baseDtype" | "context" | "chat"> {
  return { model, endToken, date, baseDtype, context, chat };
}

/** Fields that may change on `--resume`, since no bit of the result depends on them. */
export const FREE_FIELDS: readonly string[] = CONFIG_ROWS
  .filter((row) => "free" in row && row.free).map(({ name }) => fieldOf(name));

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
    const a = member(found, field), b = member(expected, field);
    if (a !== b) return { flag: `--${flagOf(field)}`, found: shown(a), expected: shown(b) };
  }
  return undefined;
}
