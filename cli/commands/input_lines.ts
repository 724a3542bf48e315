// What a person types, or what is piped in, line by line.
import type { CommandOptions } from "../terminal/command_options.ts";

/** Lines of the input; a mark shows where to type. Ctrl-C ends a wait for the next one. */
export async function* inputLines(
  { terminal, signal, input = Deno.stdin.readable }: CommandOptions,
): AsyncGenerator<string> {
  const reader = input.getReader();
  const end = () => void reader.cancel().catch(() => {});
  signal?.addEventListener("abort", end, { once: true });
  const decoder = new TextDecoder();
  const mark = () => {
    if (terminal.isTty) (terminal.ask ?? terminal.write)?.("> ");
  };
  let rest = "";
  try {
    mark();
    while (true) {
      const { value, done } = await reader.read();
      signal?.throwIfAborted();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split("\n");
      rest = done ? "" : lines.pop()!;
      for (const line of lines) {
        yield line.replace(/\r$/, "");
        mark();
      }
      if (done) return;
    }
  } finally {
    signal?.removeEventListener("abort", end);
    end();
    reader.releaseLock();
  }
}
