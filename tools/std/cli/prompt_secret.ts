/** Asks for a line on the terminal and shows a mask instead of it. */

/** Options for {@link promptSecret}. */
export type PromptSecretOptions = {
  /** What stands for each character; `*` by default, empty shows nothing. */
  mask?: string;
  /** Whether the line is cleared afterwards. */
  clear?: boolean;
};

const CLEAR_LINE = "\r\u001b[K";

/** Reads bytes up to the line's end; backspace takes one back. */
function readSecret(show: (typed: number) => void): string {
  const typed: number[] = [];
  const byte = new Uint8Array(1);
  while (Deno.stdin.readSync(byte)) {
    const code = byte[0];
    if (code === 0x0a || code === 0x0d) break;
    if (code === 0x08 || code === 0x7f) typed.pop();
    else typed.push(code);
    show(typed.length);
  }
  return new TextDecoder().decode(new Uint8Array(typed));
}

/**
 * Shows `message` and reads a line that stays hidden.
 *
 * @returns The line, or null where standard input is no terminal.
 */
export function promptSecret(
  message = "Secret",
  options?: PromptSecretOptions,
): string | null {
  if (!Deno.stdin.isTerminal()) return null;
  const { mask = "*", clear = false } = options ?? {};
  const print = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));
  print(`${message} `);
  Deno.stdin.setRaw(
    true,
    Deno.build.os === "windows" ? undefined : { cbreak: true },
  );
  try {
    return readSecret((typed) => {
      if (mask) print(`${CLEAR_LINE}${message} ${mask.repeat(typed)}`);
    });
  } finally {
    print(clear ? CLEAR_LINE : "\n");
    Deno.stdin.setRaw(false);
  }
}
