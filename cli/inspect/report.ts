// What an inspection found: plain data for programs, and the same as indented lines for people.
import { escapeControls } from "../../core/base/quote.ts";
import { showBytes } from "../terminal/sizes.ts";

/** A value of a report. Names that end in "bytes" are sizes. */
export type ReportValue =
  | string
  | number
  | boolean
  | null
  | readonly ReportValue[]
  | { readonly [name: string]: ReportValue | undefined };

/** What is at a path. */
export interface Report {
  /** In a few words: "model folder", "dataset file". */
  readonly kind: string;
  /** Where. */
  readonly path: string;
  readonly [name: string]: ReportValue | undefined;
}

/** A report as lines: `name  value`, what is nested indented below its name. */
export function reportLines(report: Report): string[] {
  const { kind, path, ...rest } = report;
  return [`${plain(path)}: ${kind}`, ...linesOf(rest, "  ")];
}

function linesOf(
  values: { readonly [name: string]: ReportValue | undefined },
  indent: string,
  areSizes = false,
): string[] {
  const there = Object.entries(values).filter((entry): entry is [string, ReportValue] =>
    entry[1] !== undefined
  );
  const width = Math.max(0, ...there.map(([name]) => label(name).length)) + 2;
  return there.flatMap(([name, value]) => {
    const left = indent + label(name).padEnd(width);
    if (isTable(value)) {
      return [left.trimEnd(), ...value.map((row) => `${indent}  ${rowText(row)}`)];
    }
    if (isRecord(value)) {
      const sized = /bytes$/i.test(name); // what is in it is sizes too
      return [left.trimEnd(), ...linesOf(value, `${indent}  `, sized)];
    }
    return [left + shown(areSizes ? "bytes" : name, value)];
  });
}

type Row = { readonly [name: string]: ReportValue | undefined };

function isRecord(value: ReportValue): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTable(value: ReportValue): value is readonly Row[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRecord);
}

function rowText(row: Row): string {
  return Object.entries(row)
    .filter((entry): entry is [string, ReportValue] => entry[1] !== undefined)
    .map(([name, value], i) =>
      i === 0 ? shown(name, value) : `${label(name)} ${shown(name, value)}`
    )
    .join(", ");
}

/** `deviceBytes` as "device bytes". */
function label(name: string): string {
  return /^[a-z0-9]+([A-Z][a-z0-9]*)+$/.test(name)
    ? name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    : plain(name);
}

function shown(name: string, value: ReportValue): string {
  if (typeof value === "number") {
    const isSize = /bytes$/i.test(name);
    return isSize ? showBytes(value) : value.toLocaleString("en-GB", { maximumFractionDigits: 6 });
  }
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return plain(value);
  if (Array.isArray(value)) return value.map((entry) => shown("", entry)).join(", ") || "none";
  return quoted(value);
}

/** A report as JSON that a terminal shows as it is. */
export function reportJson(report: Report): string {
  return escapeControls(JSON.stringify(report, null, 2));
}

/** What a terminal would obey instead of showing it. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** Text as it is, or quoted on one line where it has control characters. */
function plain(text: string): string {
  return CONTROLS.test(text) ? quoted(text) : text;
}

function quoted(value: ReportValue): string {
  return escapeControls(JSON.stringify(value));
}

/** A text of a file for a report, cut where it is long. */
export function excerpt(text: string, most = 200): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
