// `--out FILE.jsonl`: what a command made, a line each. That it can be written is known before the work begins, and it is
// there whole or not at all.
import { writeFileDurably } from "../../files/mod.ts";
import { counted } from "../terminal/counted.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { type FlagRow, text } from "../flags/kinds.ts";
import { requireNewOut } from "../terminal/system_mistake.ts";

/** Where it goes; the command says what stands in a line. */
export const OUT_LINES_ROW = {
  name: "out",
  value: "FILE.jsonl",
  type: text,
} as const satisfies Omit<FlagRow, "help">;

/** A file that is to have a line for everything that a command makes. */
export interface OutLines {
  /** Writes it and says on the error stream how many `noun` are in it: "2 answers in a.jsonl". */
  write(lines: readonly object[], noun: string): Promise<void>;
}

/**
 * Looks where `--out` is to be.
 *
 * @param command What "Cannot …" says.
 * @param path Absent where the flag is not given.
 * @returns Undefined where it is not given.
 * @throws {UsageError} If something is there, or its folder cannot be written into.
 */
export async function openOutLines(
  command: string,
  path: string | undefined,
  { terminal }: CommandOptions,
): Promise<OutLines | undefined> {
  if (path === undefined) return undefined;
  await requireNewOut(command, path);
  return {
    async write(lines, noun) {
      await writeLines(path, lines);
      terminal.error(`${counted(lines.length, noun)} in ${path}`);
    },
  };
}

/** Writes values as JSON lines, whole or not at all. */
export async function writeLines(path: string, lines: readonly object[]): Promise<void> {
  const text = lines.map((line) => JSON.stringify(line) + "\n").join("");
  await writeFileDurably(path, new TextEncoder().encode(text));
}
