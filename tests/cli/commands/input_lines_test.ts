import { assertEquals, assertRejects } from "@std/assert";
import { inputLines } from "../../../cli/commands/input_lines.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";

const terminal = recordingTerminal();

function stream(
  ...parts: readonly (string | Uint8Array)[]
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(
    parts.map((part) =>
      (typeof part === "string" ? new TextEncoder().encode(part) : part) as Uint8Array<ArrayBuffer>
    ),
  );
}

Deno.test("inputLines() joins what comes in pieces, within a character too, and keeps a last line", async () => {
  const [first, ...rest] = new TextEncoder().encode("é");
  const input = stream(
    "on",
    "e\r\ntw",
    "o",
    Uint8Array.of(first),
    Uint8Array.from(rest),
    "\n\nend",
  );
  assertEquals(await Array.fromAsync(inputLines({ terminal, input })), ["one", "twoé", "", "end"]);
});

Deno.test("inputLines() ends with the signal's reason while it waits", async () => {
  const controller = new AbortController();
  const waiting = new ReadableStream<Uint8Array<ArrayBuffer>>();
  const lines = inputLines({ terminal, input: waiting, signal: controller.signal });
  const next = lines.next();
  controller.abort(new Error("Interrupted"));
  await assertRejects(() => next, Error, "Interrupted");
});

Deno.test("inputLines() shows where to type on a terminal", async () => {
  const pieces: string[] = [];
  const tty = { ...terminal, isTty: true, write: (text: string) => void pieces.push(text) };
  await Array.fromAsync(inputLines({ terminal: tty, input: stream("a\nb\n") }));
  assertEquals(pieces, ["> ", "> ", "> ", "> "]);
});
