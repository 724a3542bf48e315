/** Runs this same Deno as a child, under the least permission that the task was given. */

/** The command's name: this executable's path where it may be run, else the `deno` on PATH. */
export function denoCommand(): string {
  const path = Deno.execPath();
  const { state } = Deno.permissions.querySync({ name: "run", command: path });
  return state === "granted" ? path : "deno";
}

/** What a child left. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs Deno to its end.
 *
 * @param args Its arguments.
 * @param cwd Where it runs.
 */
export async function runDeno(args: string[], cwd?: string): Promise<Ran> {
  const command = new Deno.Command(denoCommand(), {
    args,
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** What a child printed and how it ended. */
export interface Shown {
  /** The last 100,000 characters of its stdout. */
  output: string;
  end: Deno.CommandStatus;
}

/**
 * Runs Deno to its end and shows what it prints as it comes.
 *
 * @param args Its arguments.
 * @param env What its environment has besides this one's.
 */
export async function runDenoShown(
  args: string[],
  env: Record<string, string> = {},
): Promise<Shown> {
  const child = new Deno.Command(denoCommand(), {
    args,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const text = new TextDecoder();
  let output = "";
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    output = (output + text.decode(chunk, { stream: true })).slice(-100_000);
  }
  return { output, end: await child.status };
}
