// deno-lint-ignore-file no-console -- a command prints
/**
 * Feeds every parser changed copies of small whole files. It may take one or throw a Mistake of one
 * line that begins with "Cannot …: "; another error, a hang or a great deal of memory is a finding, which is made
 * small and written to runs/fuzz/. Ends with 1 where there was one.
 *
 * Flags: `--seconds N` a parser (default 300), `--parser NAME` (repeatable; default all), `--seed N` (default 1).
 */
import { parseArgs } from "@std/cli";
import { campaign, type Finding, type Outcome } from "./fuzz/campaign.ts";
import { TARGETS } from "./fuzz/targets.ts";

/** Where findings go. */
const FOLDER = "runs/fuzz";

/** What the flags say. */
export interface FuzzFlags {
  readonly seconds: number;
  readonly seed: number;
  readonly parsers: readonly string[];
}

/**
 * Reads the flags.
 *
 * @throws {TypeError} If a flag or parser is not known.
 * @throws {RangeError} If a number is out of range.
 */
export function parseFlags(args: readonly string[]): FuzzFlags {
  const { seconds, seed, parser, _: rest, ...others } = parseArgs([...args], {
    string: ["seconds", "seed", "parser"],
    collect: ["parser"],
    default: { seconds: "300", seed: "1" },
  });
  const unknown = [...rest, ...Object.keys(others)];
  if (unknown.length > 0) {
    throw new TypeError(
      `Cannot fuzz: ${unknown[0]} is given, expected --seconds, --parser or --seed`,
    );
  }
  const names = TARGETS.map(({ name }) => name);
  const bad = parser.find((name) => !names.includes(name));
  if (bad !== undefined) {
    throw new TypeError(`Cannot fuzz: --parser is ${bad}, expected one of ${names.join(", ")}`);
  }
  if (!(Number(seconds) > 0 && Number.isFinite(Number(seconds)))) {
    throw new RangeError(`Cannot fuzz: --seconds is ${seconds}, expected a number above 0`);
  }
  if (!(Number.isSafeInteger(Number(seed)) && Number(seed) >= 0)) {
    throw new RangeError(`Cannot fuzz: --seed is ${seed}, expected a whole number of at least 0`);
  }
  return {
    seconds: Number(seconds),
    seed: Number(seed),
    parsers: parser.length > 0 ? parser : names,
  };
}

/** One line of what a campaign came to. */
export function outcomeLine(
  { parser, executions, accepted, shapes, seconds, findings }: Outcome,
): string {
  const share = executions === 0 ? 0 : Math.round(100 * accepted / executions);
  return `${parser.padEnd(14)} ${String(executions).padStart(9)} files in ${
    seconds.toFixed(0)
  } s, ` +
    `${share}% taken, ${shapes} ways to end, ${findings.length} findings`;
}

/**
 * Writes a finding: the file, and beside it what is wrong, as JSON.
 *
 * @returns The file's path.
 */
export async function saveFinding(folder: string, finding: Finding): Promise<string> {
  const { parser, fault, detail, seed, execution, input: { file, bytes } } = finding;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 12);
  const path = `${folder}/${parser}-${digest}-${file.replace(/[^\w.-]/g, "_")}`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(path, bytes);
  const about = { parser, file, fault, detail, seed, execution };
  await Deno.writeTextFile(`${path}.finding.json`, JSON.stringify(about, null, 2) + "\n");
  return path;
}

async function main(): Promise<number> {
  const { seconds, seed, parsers } = parseFlags(Deno.args);
  const module = new URL("./fuzz/targets.ts", import.meta.url).href;
  const work = `${FOLDER}/work-${crypto.randomUUID()}`;
  await Deno.mkdir(work, { recursive: true });
  let found = 0;
  try {
    for (const parser of parsers) {
      const outcome = await campaign({ module, parser, seconds, seed, work });
      console.log(outcomeLine(outcome));
      for (const finding of outcome.findings) {
        found++;
        console.log(`  ${await saveFinding(FOLDER, finding)}: ${finding.fault}`);
      }
    }
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return found > 0 ? 1 : 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    console.error(error.message);
    Deno.exit(2);
  }
}
