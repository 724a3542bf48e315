// deno-lint-ignore-file no-console -- a command prints
/**
 * `deno task test:outside`: what needs more than Node, npm and the Vulkan driver. Each kind installs what it needs, fails
 * rather than skips, and ends with its counts and seconds. `--smoke` runs one check of each kind, `--only NAME` one kind.
 */
import { parseArgs } from "@std/cli";
import { runDenoShown } from "./deno_command.ts";
import { closingLine, type Counts, total } from "./summary.ts";

/** The kinds: a name, and the script that checks it. */
export const KINDS: Readonly<Record<string, string>> = {
  webgpu: "tools/outside/two_webgpus.ts",
  python: "tools/outside/python.ts",
  browser: "tools/outside/browser.ts",
};

const LAST_LINE = /: (\d+) passed, (\d+) failed, \d+(?:\.\d+)? s$/m;

/** The counts on a script's last line; one that has none has failed. */
export function countsOf(output: string, code: number): Counts {
  const [, passed, failed] = LAST_LINE.exec(output.trimEnd().split("\n").at(-1) ?? "") ?? [];
  const counts = { passed: Number(passed ?? 0), failed: Number(failed ?? 0) };
  if ((code !== 0 || counts.passed === 0) && counts.failed === 0) counts.failed = 1;
  return counts;
}

async function runKind(script: string, smoke: boolean): Promise<Counts> {
  const args = ["run", "--allow-all", script, ...(smoke ? ["--smoke"] : [])];
  const { output, end } = await runDenoShown(args);
  return countsOf(output, end.code);
}

async function main(args: readonly string[]): Promise<number> {
  let unknown: string | undefined;
  const flags = parseArgs([...args], {
    boolean: ["smoke"],
    string: ["only"],
    unknown: (arg) => {
      unknown ??= arg;
      return false;
    },
  });
  const names = Object.keys(KINDS);
  if (unknown !== undefined || (flags.only !== undefined && !names.includes(flags.only))) {
    console.error(
      `Cannot read ${unknown ?? `--only ${flags.only}`}: expected --smoke or --only ${
        names.join("|")
      }`,
    );
    return 2;
  }
  const all: Counts[] = [];
  for (const [name, script] of Object.entries(KINDS)) {
    if (flags.only === undefined || flags.only === name) {
      all.push(await runKind(script, flags.smoke));
    }
  }
  const sum = total(all);
  console.log(closingLine(sum));
  return sum.failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
