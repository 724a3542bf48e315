// From the arguments of any command to checked values. A mistake is one line that names the value, what is expected, and
// the nearest match.
import { fieldOf, type Flag, type FlagRow } from "./kinds.ts";
import { didYouMean } from "../../core/base/nearest.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";

/** The value of a flag: a list where it may be given several times. */
export type FlagValue = number | string | boolean | readonly (number | string)[];

/** What the arguments say. */
export interface ParsedFlags {
  /** Whether `--help` or `-h` is among them; then nothing else is checked. */
  readonly help: boolean;
  /** By field (`max-new` is `maxNew`): only those that were given, no defaults. */
  readonly values: Readonly<Record<string, FlagValue>>;
  /** Arguments that belong to no flag, in order. */
  readonly positional: readonly string[];
}

/**
 * Reads arguments by a table of flags: `--name value`, `--name=value`, `--name` where it has no value; everything after
 * `--` is positional. Of a flag that is neither repeatable nor joined the last one counts.
 *
 * @param command What "Cannot …" says: "train".
 * @param flags The table; `--help` and `-h` are always understood.
 * @param args As in `Deno.args`.
 * @param most Most positional arguments.
 * @throws {UsageError} If a flag is unknown, or has no or a bad value, or an argument belongs to no flag.
 */
export function parseTable(
  command: string,
  flags: readonly Flag[],
  args: readonly string[],
  most = 0,
): ParsedFlags {
  const end = args.indexOf("--");
  if (args.slice(0, end < 0 ? undefined : end).some((arg) => arg === "--help" || arg === "-h")) {
    return { help: true, values: {}, positional: [] };
  }
  const values: Record<string, FlagValue> = {};
  const positional: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (i === end) continue;
    if ((end >= 0 && i > end) || arg === "-" || !arg.startsWith("-")) {
      if (positional.length >= most) throw strange(command, flags, arg);
      positional.push(arg);
      continue;
    }
    const equals = arg.indexOf("=");
    const name = arg.slice(0, equals < 0 ? undefined : equals);
    const flag = flags.find((flag) => `--${flag.name}` === name);
    if (flag === undefined) throw strange(command, flags, arg);
    const field = fieldOf(flag.name);
    if (flag.type.kind === "flag") {
      if (equals >= 0) {
        throw new UsageError({ verb: command, found: `${name} has a value`, expected: "none" });
      }
      values[field] = true;
      continue;
    }
    const takesNext = equals < 0 && i + 1 < args.length && isValue(args[i + 1]);
    const value = equals >= 0 ? arg.slice(equals + 1) : takesNext ? args[++i] : "";
    const read = readFlagValue(command, flag, value), before = values[field];
    values[field] = flag.repeatable
      ? [...(typeof before === "object" ? before : []), read]
      : flag.joined && before !== undefined
      ? `${before},${read}`
      : read;
  }
  return { help: false, values, positional };
}

/** Whether an argument can be a value: `-1`, `-.5` and `-` can, `--lr` cannot. */
function isValue(arg: string): boolean {
  return !arg.startsWith("-") || arg === "-" || /^-[\d.]/.test(arg);
}

function strange(command: string, flags: readonly Flag[], arg: string): UsageError {
  const names = ["help", ...flags.map(({ name }) => name)];
  const name = arg.replace(/^-+/, "").replace(/=.*$/s, "");
  if (arg.startsWith("--") && names.includes(name)) { // `--help=`, or a flag after `--`
    const flag = flags.find((flag) => flag.name === name);
    return new UsageError({
      verb: command,
      found: `--${name} has no value`,
      expected: flag ? wanted(flag) : "none and no =",
    });
  }
  const what = arg.startsWith("-") ? "is no flag" : "belongs to no flag";
  return new UsageError({
    verb: command,
    found: `${quote(arg)} ${what}`,
    expected: `flags that --help lists.${didYouMean(name, names, dashed)}`,
  });
}

/**
 * Fills in the plain defaults of a table.
 *
 * @param command What "Cannot …" says.
 * @param flags The table.
 * @param values By field, as `parseTable` gives them.
 * @returns The values and the defaults; a repeatable flag that was not given is an empty list, one without a value false.
 * @throws {UsageError} If a required flag is missing.
 */
export function completeValues(
  command: string,
  flags: readonly FlagRow[],
  values: Readonly<Record<string, FlagValue>>,
): Record<string, FlagValue> {
  const complete: Record<string, FlagValue> = {};
  for (const flag of flags) {
    const field = fieldOf(flag.name);
    const value = values[field] ?? flag.default ??
      (flag.repeatable ? [] : flag.type.kind === "flag" ? false : undefined);
    if (flag.required && values[field] === undefined) {
      throw new UsageError({
        verb: command,
        found: `--${flag.name} is not given`,
        expected: `--${flag.name} ${flag.value}`,
      });
    }
    if (value !== undefined) complete[field] = value;
  }
  return complete;
}

/**
 * Reads the text of one value by its row.
 *
 * @param command What "Cannot …" says.
 * @throws {UsageError} If it is empty, no such choice, no number, or out of bounds.
 */
export function readFlagValue(command: string, flag: Flag, text: string): number | string {
  const { type, name } = flag;
  const refuse = (found: string, hint: string): never => {
    throw new UsageError({
      verb: command,
      found: `--${name} ${found}`,
      expected: `${wanted(flag)}${hint}`,
    });
  };
  if (text === "") return refuse("has no value", "");
  if (type.kind === "text") return text;
  if (type.kind === "flag") return refuse(`is ${quote(text)}`, "");
  if (type.kind === "choice") {
    if (type.choices.includes(text)) return text;
    const meant = didYouMean(text, type.choices);
    return refuse(`is ${quote(text)}`, meant === "" ? "" : `.${meant}`);
  }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return refuse(`is ${quote(text)}`, "");
  const value = Number(text);
  const clamped = Math.min(type.most, Math.max(type.least, value));
  const near = type.kind === "whole" ? Math.round(clamped) : clamped;
  return near === value ? value : refuse(`is ${text}`, `. The nearest is ${near}`);
}

/** What a flag's value must be, in words. */
export function wanted({ type, value }: Flag): string {
  switch (type.kind) {
    case "whole":
      return `a whole number from ${type.least} to ${type.most}`;
    case "number":
      return `a number from ${type.least} to ${type.most}`;
    case "choice":
      return `${type.choices.slice(0, -1).join(", ")} or ${type.choices.at(-1)}`;
    case "text":
      return `a value (${value})`;
    case "flag":
      return "no value";
  }
}

/** A flag as it is typed. */
export function dashed(name: string): string {
  return `--${name}`;
}
