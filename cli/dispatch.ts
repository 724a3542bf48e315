// `leash COMMAND …`: which command is meant, and the config file that every command takes.
import { withoutSecrets } from "../core/base/secrets.ts";
import { didYouMean } from "../core/base/nearest.ts";
import { type CliCommand, runCommand } from "./commands/command.ts";
import type { CommandOptions } from "./terminal/command_options.ts";
import { readConfigFile } from "./flags/config_file.ts";
import { type FlagRow, given, text, under } from "./flags/kinds.ts";
import { completeValues, type ParsedFlags } from "./flags/parser.ts";
import { UsageError } from "./terminal/mistake.ts";
import { quote } from "../core/base/quote.ts";
import { flagRow, helpWidth } from "./flags/help.ts";
import { FORMATS, type Identity, readIdentity } from "./folder/run_folder.ts";
import { exitCodeOf } from "./terminal/exit_codes.ts";
import { allValues, givenValues } from "./flags/values.ts";
import { printData } from "./terminal/terminal.ts";
import { RESUME_ROW } from "./flags/shared.ts";

const CONFIG_FLAGS = [
  {
    name: "config",
    value: "FILE",
    type: text,
    help: "Flags from a .json or .toml file; those that are given beside it win",
  },
  { name: "print-config", ...given, help: "Print all flags as JSON and do nothing" },
] as const satisfies readonly FlagRow[];

/** What `leash --help` prints. */
function leashHelp(commands: readonly CliCommand[], columns = 120): string {
  const width = Math.max("--version".length, ...commands.map(({ name }) => name.length)) + 4;
  const row = (name: string, summary: string) =>
    flagRow([`  ${name}`, "", summary], [width, 0], columns);
  return [
    "Usage: leash COMMAND [flags]",
    "",
    "Aligns language models with preferences, on WebGPU or on any CPU.",
    "",
    "Commands",
    ...commands.flatMap(({ name, summary }) => row(name, summary)),
    "",
    ...row("--help", "Show this text, or after a command all of its flags with their defaults"),
    ...row("--version", "Show the version"),
  ].join("\n");
}

/**
 * Runs the command that the arguments name.
 *
 * @param version What `--version` prints.
 * @returns The exit code.
 */
export async function dispatch(
  commands: readonly CliCommand[],
  args: readonly string[],
  options: CommandOptions,
  version: string,
): Promise<number> {
  const { terminal } = options;
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    terminal.line(leashHelp(commands, helpWidth(terminal)));
    return 0;
  }
  if (name === "--version") {
    terminal.line(`leash ${version}`);
    return 0;
  }
  const command = commands.find((command) => command.name === name);
  if (command === undefined) {
    const names = [...commands.map((command) => command.name), "--help", "--version"];
    const mistake = new UsageError({
      verb: "run",
      thing: "leash",
      found: `${quote(name)} is no command`,
      expected: `${commands.map((command) => command.name).join(", ")}.${didYouMean(name, names)}`,
    });
    terminal.error(mistake.message);
    return exitCodeOf(mistake);
  }
  return await runCommand(withConfig(command), rest, options);
}

type FlagValues = ParsedFlags["values"];

/** Flags of the run that `--resume DIR` names. */
async function resumedValues(
  command: string,
  values: FlagValues,
): Promise<FlagValues> {
  if (command !== "train" && command !== "sft") return {};
  const { resume } = givenValues([RESUME_ROW], values);
  if (resume === undefined) return {};
  const stored = await readIdentity<Identity<FlagValues>>(resume, "resume", FORMATS[command]);
  return stored.config;
}

/** The command with `--config` and `--print-config`. */
export function withConfig(command: CliCommand): CliCommand {
  return {
    ...command,
    flags: [...command.flags, ...under("Config", CONFIG_FLAGS)],
    async run(parsed, options) {
      const { config, printConfig } = allValues(command.name, CONFIG_FLAGS, parsed.values);
      const { config: _config, printConfig: _printConfig, ...values } = parsed.values;
      const stored = config === undefined ? {} : await readConfigFile(config, command.flags);
      const merged = { ...stored, ...values };
      if (!printConfig) return await command.run({ ...parsed, values: merged }, options);
      const optional = command.flags.map((flag) => ({ ...flag, required: false }));
      const all = completeValues(command.name, optional, {
        ...await resumedValues(command.name, merged),
        ...merged,
      });
      printData(withoutSecrets(JSON.stringify(all, null, 2)), options.terminal);
      return 0;
    },
  };
}
