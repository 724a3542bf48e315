// Ctrl-C as an abort signal: the first asks the program to stop where it can go on later, the second ends it.
import type { Terminal } from "./terminal.ts";

/** An abort signal that Ctrl-C and SIGTERM raise; a second one ends the process at once. */
export function interruptSignal(
  terminal: Terminal,
  exit: (code: number) => void = Deno.exit,
): AbortSignal & Disposable {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) return exit(130);
    terminal.error("Stopping at the next safe moment; once more to stop at once");
    controller.abort(new Error("Interrupted"));
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const name of signals) Deno.addSignalListener(name, interrupt);
  return Object.assign(controller.signal, {
    [Symbol.dispose]: () => {
      for (const name of signals) Deno.removeSignalListener(name, interrupt);
    },
  });
}
