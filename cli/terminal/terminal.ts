// Where the program prints: lines, and on a terminal one status line that is drawn again and again. What strangers wrote
// comes through here too, so this is where a terminal is kept from obeying it. A pipe or file gets every text as it is.
import { unicodeWidth } from "@std/cli";
import { withoutSecrets } from "../../core/base/secrets.ts";
import { visible, visibleLine } from "./visible.ts";
import { WordFlow, wrapText } from "./word_wrap.ts";

/** What the program prints on. */
export interface Terminal {
  /** Whether a status line can be drawn over. */
  readonly isTty: boolean;
  /** Characters in a line. */
  readonly columns: number;
  /** Prints a line. */
  line(text?: string): void;
  /** Draws the status line; nothing where there is no terminal. "" takes it away. */
  status(text: string): void;
  /** Prints a line to the error stream. */
  error(text: string): void;
  /** Prints a piece of text that comes bit by bit; where it is absent, whole lines are all there is. */
  write?(text: string): void;
  /** Prints a line for programs, which is never broken; where it is absent, `line` does. */
  data?(text: string): void;
  /** Asks, and leaves the cursor behind the question; where it is absent, nothing asks. */
  ask?(question: string): void;
  /** Says that the lines are a log, not data: what a pipe gets of the status goes among them. */
  keepLog?(): void;
}

/** Prints text for programs: as data, or as a line where there is no other. */
export function printData(text: string, { data, line }: Terminal): void {
  (data ?? line)(text);
}

/** A terminal that is kept for the whole process. */
export interface ProcessTerminal extends Required<Terminal> {
  /** Prints the status as a line where there is no terminal and nothing was printed for some 25 seconds. */
  pulse(): void;
}

/** Something that takes bytes, such as `Deno.stdout`. */
export interface ByteSink {
  /** Whether it is a terminal. */
  isTerminal(): boolean;
  /** Takes some of the bytes; returns how many. */
  writeSync(bytes: Uint8Array): number;
}

const CLEAR = "\r\x1b[K";

/** Milliseconds after which a pipe hears how far the work is: with the time between two looks, less than half a minute. */
const QUIET = 25_000;

/**
 * Two sinks as a terminal.
 *
 * @param columns Characters in a line of it, as they are now.
 * @param now Milliseconds.
 */
export function openTerminal(
  out: ByteSink = Deno.stdout,
  errors: ByteSink = Deno.stderr,
  columns: () => number = consoleColumns,
  now: () => number = () => performance.now(),
): ProcessTerminal {
  const isTty = out.isTerminal();
  const flow = new WordFlow(columns);
  let status = "";
  let written = ""; // the end of what came bit by bit
  let isLog = false;
  let printed = now();
  const write = (sink: ByteSink, text: string) => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += sink.writeSync(bytes.subarray(at));
    printed = now();
  };
  const above = (sink: ByteSink, text: string) => {
    if (status !== "") write(out, CLEAR);
    const begun = flow.end();
    if (begun !== "") write(out, begun);
    written = "";
    write(sink, `${text}\n`);
    if (status !== "") write(out, status);
  };
  const line = (sink: ByteSink, text: string) =>
    above(sink, sink.isTerminal() ? wrapText(visible(text), Math.max(1, columns())) : text);
  let doing = ""; // what a status says where none is drawn
  const pulse = () => {
    if (doing === "" || now() - printed < QUIET) return;
    line(isLog ? out : errors, doing);
  };
  return {
    isTty,
    get columns() {
      return isTty ? columns() : 100;
    },
    line: (text = "") => line(out, isLog ? withoutSecrets(text) : text),
    data: (text) => above(out, isTty ? visible(text) : text),
    status(told) {
      const text = withoutSecrets(told);
      if (!isTty) {
        doing = text;
        return pulse();
      }
      status = cut(visibleLine(text), Math.max(1, columns() - 1));
      write(out, CLEAR + status);
    },
    error: (text) => line(errors, withoutSecrets(text)),
    write(text) {
      if (!isTty) return write(out, text);
      const shown = flow.push(visible(text, written));
      written = (written + text).slice(-2);
      if (shown !== "") write(out, shown);
    },
    ask: (question) => write(out, question),
    keepLog: () => void (isLog = true),
    pulse,
  };
}

/** The process's own terminal; a pipe hears of it at least every 30 seconds. */
export function processTerminal(): ProcessTerminal {
  const terminal = openTerminal();
  Deno.unrefTimer(setInterval(terminal.pulse, QUIET / 10));
  return terminal;
}

/** As many of the first characters as there is room for. */
function cut(text: string, width: number): string {
  if (unicodeWidth(text) <= width) return text;
  let [shown, at] = ["", 0];
  for (const c of text) {
    at += unicodeWidth(c);
    if (at > width) break;
    shown += c;
  }
  return shown;
}

function consoleColumns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80; // a terminal that does not know its size
  }
}
