/**
 * `leash`: align, fine-tune, ask, score, compare, annotate, export and inspect language models from a shell.
 *
 * ```sh
 * deno install --global --allow-read --allow-write --allow-net --allow-env --name leash jsr:@leash/bpo/cli
 * leash --help
 * ```
 *
 * @example
 * ```ts
 * import { main } from "@leash/bpo/cli";
 * import { assertEquals } from "@std/assert";
 * const lines: string[] = [];
 * const terminal = {
 *   ...{ isTty: false, columns: 100, status: () => {}, error: () => {} },
 *   line: (text = "") => void lines.push(text),
 * };
 * assertEquals(await main(["--version"], { terminal }), 0);
 * assertEquals(lines.length, 1);
 * ```
 *
 * @module
 */
import { ANNOTATE } from "./commands/annotate.ts";
import { CHAT } from "./commands/chat.ts";
import type { CliCommand } from "./commands/command.ts";
import type { CommandOptions } from "./terminal/command_options.ts";
import { EVALUATE } from "./commands/evaluate.ts";
import { EXPORT } from "./commands/export.ts";
import { GENERATE } from "./commands/generate.ts";
import { INSPECT } from "./commands/inspect.ts";
import { SCORE } from "./commands/score.ts";
import { SFT } from "./commands/sft.ts";
import { TRAIN } from "./commands/train.ts";
import { dispatch } from "./dispatch.ts";
import { interruptSignal } from "./terminal/interrupt.ts";
import { processTerminal } from "./terminal/terminal.ts";
import { VERSION } from "./version.ts";

export type { CliCommand } from "./commands/command.ts";
export type { CommandOptions } from "./terminal/command_options.ts";
export type {
  ChoiceKind,
  Flag,
  FlagKind,
  GivenKind,
  NumberKind,
  TextKind,
  WholeKind,
} from "./flags/kinds.ts";
export type { FlagValue, ParsedFlags } from "./flags/parser.ts";
export type { Interrupts } from "./terminal/interrupt.ts";
export type { Terminal } from "./terminal/terminal.ts";

/** Every command of `leash`, in the order of its help. */
export const COMMANDS: readonly CliCommand[] = [
  TRAIN,
  SFT,
  GENERATE,
  CHAT,
  SCORE,
  EVALUATE,
  ANNOTATE,
  EXPORT,
  INSPECT,
];

/**
 * Runs a command line.
 *
 * @example
 * ```ts
 * import { main } from "@leash/bpo/cli";
 * import { assertEquals } from "@std/assert";
 * const errors: string[] = [];
 * const terminal = {
 *   ...{ isTty: false, columns: 100, status: () => {}, line: () => {} },
 *   error: (text: string) => void errors.push(text),
 * };
 * assertEquals(await main(["trane"], { terminal }), 2);
 * assertEquals(errors[0].endsWith("Did you mean train?"), true);
 * ```
 *
 * @param args As in `Deno.args`: a command and its flags.
 * @param options Where it prints; `signal` ends it at the next safe moment.
 * @returns The exit code: 0; 1 for a failure; 2 for a user's mistake; 130 where the signal ended it.
 */
export function main(args: readonly string[], options: CommandOptions): Promise<number> {
  return dispatch(COMMANDS, args, options, VERSION);
}

if (import.meta.main) {
  const terminal = processTerminal();
  const signal = interruptSignal(terminal);
  Deno.exit(await main(Deno.args, { terminal, signal, interrupts: signal }));
}
