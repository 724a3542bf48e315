// What a command of `leash` is, how it is called, and how every one of them ends: 0, or one line and an exit code.
import { EXIT } from "../terminal/exit_codes.ts";
import type { Flag } from "../flags/kinds.ts";
import { type ParsedFlags, parseTable } from "../flags/parser.ts";
import { flagLines, helpWidth } from "../flags/help.ts";
import { wrap } from "../terminal/word_wrap.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { endOf } from "../terminal/ending.ts";

/** One command: a file in cli/commands, a row in cli/main.ts. */
export interface CliCommand {
  /** What is typed after `leash`; "Cannot NAME: …" begins its errors. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What it takes besides `--help`. */
  readonly flags: readonly Flag[];
  /** Most positional arguments; 0 where absent. */
  readonly positional?: number;
  /** How it is called, for what goes on with it; default `leash NAME`. */
  readonly program?: string;
  /** The line after "Usage:". */
  readonly usage: string;
  /** Commands to copy. */
  readonly examples: readonly string[];
  /** Does it, `parsed` without defaults; returns the exit code. */
  run(parsed: ParsedFlags, options: CommandOptions): Promise<number>;
}

/** What `leash NAME --help` prints. */
function commandHelp(
  { usage, summary, flags, examples }: CliCommand,
  width = 120,
): string {
  return [
    `Usage: ${usage}`,
    "",
    ...wrap(`${summary}.`, width),
    ...flagLines(flags, width),
    ...(examples.length === 0 ? [] : ["", "Examples", ...examples.map((line) => `  ${line}`)]),
  ].join("\n");
}

/**
 * Parses, runs, and turns what went wrong into one line and an exit code.
 *
 * @param args Those after the command's name.
 * @returns What `run` returns; 0 for `--help`; else what {@link endOf} makes of the error.
 */
export async function runCommand(
  command: CliCommand,
  args: readonly string[],
  options: CommandOptions,
): Promise<number> {
  const { terminal } = options;
  try {
    const parsed = parseTable(command.name, command.flags, args, command.positional);
    if (parsed.help) {
      terminal.line(commandHelp(command, helpWidth(terminal)));
      return EXIT.done;
    }
    return await command.run(parsed, options);
  } catch (error) {
    const { name: verb, program = `leash ${verb}` } = command;
    const goOn = (dir: string) => `Go on with: ${program} --resume ${dir}`;
    return endOf(error, { verb, goOn }, options);
  }
}
