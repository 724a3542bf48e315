// What `--help` prints: every flag in aligned columns, with its default.
import type { Flag } from "./kinds.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { wrap } from "../terminal/word_wrap.ts";

/** A table of flags under its headings, `--help` last; each block begins with an empty line. */
export function flagLines(flags: readonly Flag[], width = WIDTH): string[] {
  const left = (flag: Flag) => `  --${flag.name} ${flag.value}`.trimEnd();
  const first = Math.max("  --help".length, ...flags.map((flag) => left(flag).length)) + 2;
  const second = Math.max("default".length, ...flags.map((flag) => shownDefault(flag).length)) + 2;
  const lines: string[] = [];
  let group = "";
  for (const flag of flags) {
    if (flag.group !== group) {
      lines.push("", flag.group.padEnd(first) + "default");
      group = flag.group;
    }
    lines.push(...flagRow([left(flag), shownDefault(flag), flag.help], [first, second], width));
  }
  lines.push("", ...flagRow(["  --help", "", "Show this text"], [first, second], width));
  return lines;
}

/** Columns of a help text where nobody says how many there are. */
const WIDTH = 120;
/** Fewest columns for what a flag is for beside its name and default. */
const NARROW = 28;

/** Columns of a help text: a terminal's own, at most 120. */
export function helpWidth({ isTty, columns }: Pick<Terminal, "isTty" | "columns">): number {
  return isTty ? Math.min(WIDTH, columns) : WIDTH;
}

/** A flag, its default and what it is for: beside each other, or below where there is no room. */
export function flagRow(
  [flag, shown, help]: readonly [flag: string, shown: string, help: string],
  [first, second]: readonly [first: number, second: number],
  width: number,
): string[] {
  const beside = width - first - second >= NARROW;
  const columns = flag.padEnd(first) + shown.padEnd(second);
  const head = beside ? columns : shown === "" ? flag : `${flag}  (${shown})`;
  const indent = beside ? columns.length : 6;
  const [begin, ...rest] = wrap(help, width - indent);
  const lines = rest.map((part) => " ".repeat(indent) + part);
  return beside ? [columns + begin, ...lines] : [head, " ".repeat(indent) + begin, ...lines];
}

function shownDefault(flag: Flag): string {
  if (flag.shownDefault !== undefined) return flag.shownDefault;
  if (flag.default !== undefined) return String(flag.default);
  return flag.required ? "required" : flag.type.kind === "flag" ? "off" : "none";
}
