// Ctrl-C as an abort signal: the first asks the program to stop where it can go on later, the second ends it. And the
// error that says where.
import type { Terminal } from "./terminal.ts";
import { EXIT } from "./exit_codes.ts";

/** A run that ended early with its folder in order: how to go on. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  /** @param dir The folder to resume. */
  constructor(message: string, readonly dir: string, options?: ErrorOptions) {
    super(message, options);
  }

  /** A run's end, by a signal or by what was thrown. */
  static by(error: unknown, dir: string, signal: AbortSignal | undefined): Interrupted {
    const why = signal?.aborted
      ? "Interrupted"
      : error instanceof Error
      ? error.message
      : String(error);
    return new Interrupted(why, dir, { cause: error });
  }
}

/** Where a command hears Ctrl-C before it ends the command. */
export interface Interrupts {
  /** Asks `heard` first, until it is disposed of: true where it needs no more, false where the command is to end. */
  hold(heard: () => boolean): Disposable;
}

/** An abort signal that Ctrl-C and SIGTERM raise; a second one ends the process at once. */
export function interruptSignal(
  terminal: Terminal,
  exit: (code: number) => void = Deno.exit,
): AbortSignal & Disposable & Interrupts {
  const controller = new AbortController();
  let held: (() => boolean) | undefined;
  const interrupt = () => {
    if (controller.signal.aborted) return exit(EXIT.interrupted);
    if (held !== undefined) {
      if (!held()) controller.abort(new Error("Interrupted"));
      return;
    }
    terminal.error("Stopping at the next safe moment; once more to stop at once");
    controller.abort(new Error("Interrupted"));
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const name of signals) Deno.addSignalListener(name, interrupt);
  return Object.assign(controller.signal, {
    hold(heard: () => boolean) {
      held = heard;
      return { [Symbol.dispose]: () => void (held = undefined) };
    },
    [Symbol.dispose]: () => {
      for (const name of signals) Deno.removeSignalListener(name, interrupt);
    },
  });
}
