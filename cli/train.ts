// `deno task train`: `leash train` on the embedded stories model, with no right to the network.
import { runCommand } from "./commands/command.ts";
import { STORIES, trainCommand } from "./commands/train.ts";
import { withConfig } from "./dispatch.ts";
import type { CommandOptions } from "./terminal/command_options.ts";
import { interruptSignal } from "./terminal/interrupt.ts";
import { processTerminal } from "./terminal/terminal.ts";

/** Trains as the arguments say; returns the exit code. */
export function main(args: readonly string[], options: CommandOptions): Promise<number> {
  return runCommand(withConfig(trainCommand(STORIES)), args, options);
}

if (import.meta.main) {
  const terminal = processTerminal();
  Deno.exit(await main(Deno.args, { terminal, signal: interruptSignal(terminal) }));
}
