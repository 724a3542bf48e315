// A command with its table: `run` gets the values of the flags, typed by the rows that say them.
import { type FlagSections, flagsOf } from "../flags/kinds.ts";
import { allValues, type CompleteValues, type RowsOf, rowsOf } from "../flags/values.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import type { CliCommand } from "./command.ts";

/** The values of a table's flags, every default among them. */
export type ValuesOf<Sections extends FlagSections> = CompleteValues<RowsOf<Sections>>;

/** What a command is before its values have lost their types. */
export interface CommandTable<Sections extends FlagSections>
  extends Omit<CliCommand, "flags" | "run"> {
  /** What it takes besides `--help`, under headings. */
  readonly flags: Sections;
  /** Does it; returns the exit code. */
  run(
    flags: ValuesOf<Sections>,
    options: CommandOptions,
    positional: readonly string[],
  ): Promise<number>;
}

/** A command whose values follow from its table. */
export function defineCommand<const Sections extends FlagSections>(
  table: CommandTable<Sections>,
): CliCommand {
  const rows = rowsOf(table.flags);
  return {
    ...table,
    flags: flagsOf(table.flags),
    run: ({ values, positional }, options) =>
      table.run(allValues(table.name, rows, values), options, positional),
  };
}
