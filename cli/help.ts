// What `--help` prints: every flag in aligned columns, with its default.
import type { Flag } from "./flag_kinds.ts";
import { FLAGS } from "./flag_table.ts";

/** The help text of `deno task train`, at most 120 columns wide. */
export function helpText(): string {
  return [
    "Usage: deno task train [flags]",
    "",
    "Aligns a language model by BPO: generate with a snapshot, annotate, train a LoRA ensemble, repeat.",
    "Without flags it trains the embedded stories model to continue openings kindly.",
    ...flagLines(FLAGS),
  ].join("\n") + "\n";
}

/** A table of flags under its headings, `--help` last; each block begins with an empty line. */
export function flagLines(flags: readonly Flag[]): string[] {
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
    const columns = left(flag).padEnd(first) + shownDefault(flag).padEnd(second);
    const [head, ...rest] = wrap(flag.help, WIDTH - columns.length);
    lines.push(columns + head, ...rest.map((part) => " ".repeat(columns.length) + part));
  }
  lines.push("", "  --help".padEnd(first) + "".padEnd(second) + "Show this text");
  return lines;
}

const WIDTH = 120;

function shownDefault(flag: Flag): string {
  if (flag.shownDefault !== undefined) return flag.shownDefault;
  if (flag.default !== undefined) return String(flag.default);
  return flag.required ? "required" : flag.type.kind === "flag" ? "off" : "none";
}

/** Breaks a text at spaces into lines of at most `width` characters; a longer word has its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((word) => word !== "")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}
