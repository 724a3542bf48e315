// What a command works with besides its arguments.
import type { Interrupts } from "./interrupt.ts";
import type { Terminal } from "./terminal.ts";

/** What a command works with besides its arguments. */
export interface CommandOptions {
  /** Where it prints. */
  readonly terminal: Terminal;
  /** Ends the command at the next safe moment. */
  readonly signal?: AbortSignal;
  /** Where Ctrl-C is heard before `signal` is raised. */
  readonly interrupts?: Interrupts;
  /** Where a conversation comes from; absent for the process's own input. */
  readonly input?: ReadableStream<Uint8Array<ArrayBuffer>>;
}
