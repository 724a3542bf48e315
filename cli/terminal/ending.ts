// What went wrong in a program: one line and an exit code, whichever command it is.
import type { CommandOptions } from "./command_options.ts";
import { EXIT, exitCodeOf } from "./exit_codes.ts";
import { Interrupted } from "./interrupt.ts";
import { mistakeOf } from "./system_mistake.ts";

/** What a line on an error says of the program. */
export interface Program {
  /** After "Cannot" where the system refused something: "score". */
  readonly verb: string;
  /** How its user goes on in a folder. */
  readonly goOn: (dir: string) => string;
}

/**
 * Says why a program ends early.
 *
 * @returns 141 where nobody reads the output any more; 2 for a user's mistake, files that cannot be read among them; 130 where the signal ended it; 1 for a run that
 * ended early by itself, where every verdict failed, and with a stack for anything else.
 */
export function endOf(
  error: unknown,
  { verb, goOn }: Program,
  { terminal, signal }: CommandOptions,
): number {
  if (error instanceof Deno.errors.BrokenPipe) return EXIT.unread;
  terminal.status("");
  if (error instanceof Interrupted) {
    terminal.error(`${error.message}. ${goOn(error.dir)}`);
    return signal?.aborted ? EXIT.interrupted : EXIT.failed;
  }
  if (signal?.aborted) {
    terminal.error("Interrupted");
    return EXIT.interrupted;
  }
  const mistake = mistakeOf(verb, error);
  if (mistake !== undefined) {
    terminal.error(mistake.message.replaceAll(/\s*\n\s*/g, " "));
    return exitCodeOf(mistake);
  }
  terminal.error(error instanceof Error ? error.stack ?? error.message : String(error));
  return EXIT.failed;
}
