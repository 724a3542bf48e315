// The types of a table's values, inferred from its rows: by flags as they were given, with every default, and nested as a
// config has them. What was read is held to its rows once more here, so that no type is merely claimed.
import { quote } from "../../core/base/quote.ts";
import { fieldOf, type FlagRow, type FlagSections, type GivenKind } from "./kinds.ts";
import { completeValues, type FlagValue } from "./parser.ts";

/** The rows of a table. */
export type RowsOf<Sections extends FlagSections> = Sections[keyof Sections][number];

/** The same as a list. */
export function rowsOf<Sections extends FlagSections>(sections: Sections): RowsOf<Sections>[] {
  const rows: RowsOf<Sections>[] = [];
  for (const group in sections) rows.push(...sections[group]);
  return rows;
}

/** A name as a field: `max-new` is `maxNew`. */
type FieldOf<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<FieldOf<Tail>>}`
  : Name;

type OneValue<Row extends FlagRow> = Row["type"] extends { kind: "whole" | "number" } ? number
  : Row["type"] extends { kind: "choice"; choices: readonly (infer Word)[] } ? Word
  : Row["type"] extends { kind: "flag" } ? boolean
  : string;

/** The value of a flag: a list where it may be given several times. */
type ValueOf<Row extends FlagRow> = Row extends { readonly repeatable: true }
  ? readonly OneValue<Row>[]
  : OneValue<Row>;

/** Rows that always have a value once the defaults are in. */
type Always<Row extends FlagRow> = Row extends
  | { readonly default: number | string }
  | { readonly required: true }
  | { readonly settled: true }
  | { readonly repeatable: true }
  | { readonly type: GivenKind } ? Row
  : never;

type Merged<T> = { readonly [Key in keyof T]: T[Key] };

/** Values by field, only those that were given. */
export type GivenValues<Row extends FlagRow> = {
  readonly [One in Row as FieldOf<One["name"]>]?: ValueOf<One>;
};

/** Values by field with every default; a repeatable flag that was not given is an empty list, one without a value false. */
export type CompleteValues<Row extends FlagRow> = Merged<
  & { readonly [One in Always<Row> as FieldOf<One["name"]>]: ValueOf<One> }
  & { readonly [One in Exclude<Row, Always<Row>> as FieldOf<One["name"]>]?: ValueOf<One> }
>;

type GroupOf<Row extends FlagRow> = Row extends { readonly to: `${infer Group}.${string}` } ? Group
  : never;

type Within<Group extends string, Row extends FlagRow> = Row extends
  { readonly to: `${Group}.${string}` } ? Row : never;

type PlaceOf<Row extends FlagRow> = Row extends { readonly to: `${string}.${infer Field}` } ? Field
  : never;

/** Values where `to` says, with every default. */
export type NestedValues<Row extends FlagRow> = {
  readonly [Group in GroupOf<Row>]: Merged<
    & { readonly [One in Always<Within<Group, Row>> as PlaceOf<One>]: ValueOf<One> }
    & {
      readonly [
        One in Exclude<Within<Group, Row>, Always<Within<Group, Row>>> as PlaceOf<One>
      ]?: ValueOf<One>;
    }
  >;
};

/**
 * Values as they were given.
 *
 * @throws {TypeError} If one is not what its row says: a flag's is, `--config`'s too.
 */
export function givenValues<Row extends FlagRow>(
  rows: readonly Row[],
  values: Readonly<Record<string, unknown>>,
): GivenValues<Row> {
  const found: unknown = values;
  requireGiven(rows, found);
  return found;
}

/**
 * The values of a command with every default.
 *
 * @throws {UsageError} If a required flag is missing.
 */
export function allValues<Row extends FlagRow>(
  command: string,
  rows: readonly Row[],
  values: Readonly<Record<string, FlagValue>>,
): CompleteValues<Row> {
  const found: unknown = completeValues(command, rows, values);
  requireComplete(rows, found);
  return found;
}

/**
 * Values where a config has them.
 *
 * @param values By field; what is absent gets its plain default.
 * @throws {TypeError} If one is missing or not what its row says.
 */
export function nestedValues<Row extends FlagRow>(
  rows: readonly Row[],
  values: Readonly<Record<string, unknown>>,
): NestedValues<Row> {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const row of rows) {
    if (row.to === undefined) continue;
    const value = values[fieldOf(row.name)] ?? defaultOf(row);
    requireFits(row, value);
    const [group, field] = row.to.split(".");
    groups[group] ??= {};
    if (value !== undefined) groups[group][field] = value;
  }
  const found: unknown = groups;
  requireNested(rows, found);
  return found;
}

function defaultOf({ default: plain, repeatable, type }: FlagRow): unknown {
  return plain ?? (repeatable ? [] : type.kind === "flag" ? false : undefined);
}

function requireGiven<Row extends FlagRow>(
  rows: readonly Row[],
  values: unknown,
): asserts values is GivenValues<Row> {
  for (const row of rows) {
    const value = member(values, fieldOf(row.name));
    if (value !== undefined) requireFits(row, value);
  }
}

function requireComplete<Row extends FlagRow>(
  rows: readonly Row[],
  values: unknown,
): asserts values is CompleteValues<Row> {
  for (const row of rows) requireFits(row, member(values, fieldOf(row.name)));
}

function requireNested<Row extends FlagRow>(
  rows: readonly Row[],
  groups: unknown,
): asserts groups is NestedValues<Row> {
  for (const { to } of rows) {
    if (to !== undefined && typeof member(groups, to.split(".")[0]) !== "object") {
      throw new TypeError(`Cannot read the flags: ${to} has no group, expected one`);
    }
  }
}

/** What anything has by a name of its own; undefined where it has nothing. */
export function member(values: unknown, name: string): unknown {
  return Object.getOwnPropertyDescriptor(Object(values), name)?.value;
}

/** Refuses a value that its row does not allow, and none where there always is one. */
function requireFits(row: FlagRow, value: unknown): void {
  const { name, repeatable, required, settled } = row;
  const always = required || settled || defaultOf(row) !== undefined;
  const fits = value === undefined
    ? !always
    : repeatable
    ? Array.isArray(value) && value.every((one) => isOne(row, one))
    : isOne(row, value);
  if (fits) return;
  const found = value === undefined ? "missing" : quote(String(value));
  throw new TypeError(`Cannot read the flags: ${name} is ${found}, expected a ${row.type.kind}`);
}

function isOne({ type }: FlagRow, value: unknown): boolean {
  switch (type.kind) {
    case "whole":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "choice":
      return typeof value === "string" && type.choices.includes(value);
    case "flag":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string";
  }
}
