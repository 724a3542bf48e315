// Where the program prints: lines, and on a terminal one status line that is drawn again and again.

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
}

/** Something that takes bytes, such as `Deno.stdout`. */
export interface ByteSink {
  /** Whether it is a terminal. */
  isTerminal(): boolean;
  /** Takes some of the bytes; returns how many. */
  writeSync(bytes: Uint8Array): number;
}

const CLEAR = "\r\x1b[K";

/** The process's own terminal, or any two sinks. */
export function openTerminal(
  out: ByteSink = Deno.stdout,
  errors: ByteSink = Deno.stderr,
  columns: () => number = consoleColumns,
): Terminal {
  const isTty = out.isTerminal();
  let status = "";
  const write = (sink: ByteSink, text: string) => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += sink.writeSync(bytes.subarray(at));
  };
  const above = (sink: ByteSink, text: string) => {
    if (status !== "") write(out, CLEAR);
    write(sink, `${text}\n`);
    if (status !== "") write(out, status);
  };
  return {
    isTty,
    get columns() {
      return isTty ? columns() : 100;
    },
    line: (text = "") => above(out, text),
    status(text) {
      if (!isTty) return;
      status = [...text].slice(0, Math.max(1, columns() - 1)).join("");
      write(out, CLEAR + status);
    },
    error: (text) => above(errors, text),
    write: (text) => write(out, text),
  };
}

function consoleColumns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80; // a terminal that does not know its size
  }
}
