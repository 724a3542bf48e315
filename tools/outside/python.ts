// deno-lint-ignore-file no-console -- a command prints
/**
 * Python's word, said again: the scripts of tools/fixtures run in an environment of their own, and what they write must
 * be what is committed. Ends with `Python: N passed, N failed, S s`.
 *
 * `--smoke` installs transformers without PyTorch and renders the chat templates; the whole installs PyTorch, PEFT and
 * TRL (some gigabytes) and runs every script that needs no data beside the repository's own.
 */
import { denoCommand } from "../deno_command.ts";

/** One script and what it must reproduce. */
interface Check {
  /** For people. */
  readonly name: string;
  /** Its arguments after `python`; `OUT` is an empty folder. */
  readonly args: readonly string[];
  /** What is compared: a committed file, and where the script leaves its own. */
  readonly files: readonly (readonly [committed: string, made: string])[];
  /** Largest difference of a number relative to the larger of the two and 1; default none. */
  readonly tolerance?: number;
}

const SMOKE: readonly Check[] = [{
  name: "chat templates as transformers renders them",
  args: ["COPY/tools/fixtures/jinja_cases.py"],
  files: [["tests/fixtures/chat/jinja.json", "COPY/tests/fixtures/chat/jinja.json"]],
}];

const WHOLE: readonly Check[] = [
  ...SMOKE,
  {
    name: "models, adapters, losses and AdamW in PyTorch",
    args: ["COPY/tools/fixtures/make_fixtures.py", "--out", "OUT", "--data", "NONE"],
    files: ["forward.json", "lora.json", "sft.json", "adamw.json", "exact_mean.json"].map((file) =>
      [`tests/fixtures/${file}`, `OUT/${file}`] as const
    ),
    tolerance: 1e-9,
  },
  {
    name: "event files as TensorBoard writes and reads them",
    args: ["COPY/tools/fixtures/tensorboard_events.py", "OUT/tensorboard.json"],
    files: [["tests/fixtures/tensorboard.json", "OUT/tensorboard.json"]],
  },
  {
    name: "exported pairs as TRL reads them",
    args: ["COPY/tools/fixtures/check_pairs_in_trl.py", "ROWS", "OUT/trl_pairs.json"],
    files: [["tests/fixtures/trl_pairs.json", "OUT/trl_pairs.json"]],
  },
  {
    name: "ten steps of TRL",
    args: ["COPY/tools/fixtures/trl_parity.py", "OUT/trl_parity.json"],
    files: [["tests/fixtures/trl_parity.json", "OUT/trl_parity.json"]],
    tolerance: 1e-5,
  },
  {
    name: "rewards, loss and metrics of TRL's reward trainer",
    args: ["COPY/tools/fixtures/trl_reward.py"],
    files: [["tests/fixtures/reward/reward.json", "COPY/tests/fixtures/reward/reward.json"]],
    tolerance: 1e-9,
  },
];

/** Runs a program to its end; what it printed where it failed. */
async function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    ...{ args: [...args], cwd, stdin: "null", stdout: "piped", stderr: "piped" },
  }).output();
  if (code === 0) return;
  const text = new TextDecoder();
  const said = (text.decode(stdout) + text.decode(stderr)).trimEnd().split("\n").slice(-15);
  throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${said.join("\n")}`);
}

/** Who made a fixture, and how far PyTorch's own f32 was from its f64: that depends on the processor. */
const NOT_COMPARED = /^(?:madeBy|made_by|largestGap\w*)$/;

/** The first place where two JSON values differ by more than the tolerance. */
export function differenceIn(
  a: unknown,
  b: unknown,
  tolerance = 0,
  path = "$",
): string | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const far = Math.abs(a - b) > tolerance * Math.max(1, Math.abs(a), Math.abs(b));
    return far || Number.isNaN(a) !== Number.isNaN(b) ? `${path}: ${a} and ${b}` : undefined;
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return a === b ? undefined : `${path}: ${JSON.stringify(a)} and ${JSON.stringify(b)}`;
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of keys) {
    if (NOT_COMPARED.test(key)) continue;
    const [x, y] = [a, b].map((one) => (one as Record<string, unknown>)[key]);
    const found = differenceIn(x, y, tolerance, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function environment(root: string, isSmoke: boolean): Promise<string> {
  const folder = `${root}/runs/outside/${isSmoke ? "python-small" : "python"}`;
  const python = `${folder}/bin/python`;
  const wanted = (await Deno.readTextFile(`${root}/tools/fixtures/requirements.txt`)).split("\n");
  const packages = isSmoke
    ? wanted.filter((line) => /^(?:transformers|numpy)==/.test(line)).concat("jinja2")
    : wanted.filter((line) => line !== "");
  await run("python3", ["-m", "venv", folder], root).catch(async () => {
    await run("apt-get", ["install", "-y", "-q", "python3", "python3-venv"], root);
    await run("python3", ["-m", "venv", folder], root);
  });
  await run(
    python,
    ["-m", "pip", "install", "-q", "--no-compile", "--disable-pip-version-check", ...packages],
    root,
  );
  return python;
}

async function main(args: readonly string[]): Promise<number> {
  const isSmoke = args.includes("--smoke");
  const begun = performance.now();
  const root = Deno.cwd();
  const work = await Deno.makeTempDir({ prefix: "leash_outside_" });
  let passed = 0, failed = 0;
  try {
    const python = await environment(root, isSmoke);
    const [copy, out, rows] = ["copy", "out", "rows"].map((name) => `${work}/${name}`);
    await Deno.mkdir(out);
    await run("cp", ["-r", "--parents", "tools/fixtures", "tests/fixtures", `${work}/`], root)
      .then(() => Deno.mkdir(copy))
      .then(() => Deno.rename(`${work}/tools`, `${copy}/tools`))
      .then(() => Deno.rename(`${work}/tests`, `${copy}/tests`));
    if (!isSmoke) await run(denoCommand(), ["run", "-RW", "tests/support/trl_rows.ts", rows], root);
    const place = (path: string) =>
      path.replace(
        /^(COPY|OUT|ROWS|NONE)\b/,
        (word) => ({ COPY: copy, OUT: out, ROWS: rows, NONE: `${work}/none` })[word]!,
      );
    for (const { name, args, files, tolerance } of isSmoke ? SMOKE : WHOLE) {
      const problem = await run(python, args.map(place), work)
        .then(async () => {
          for (const [committed, made] of files) {
            const [a, b] = await Promise.all(
              [`${root}/${committed}`, place(made)].map(async (path) =>
                JSON.parse(await Deno.readTextFile(path))
              ),
            );
            const found = differenceIn(a, b, tolerance);
            if (found !== undefined) return `${committed} is not what Python says: ${found}`;
          }
          return undefined;
        })
        .catch((error: Error) => error.message);
      if (problem === undefined) passed++;
      else failed++;
      console.log(`${name} ... ${problem === undefined ? "ok" : `FAILED\n${problem}`}`);
    }
  } catch (error) {
    failed++;
    console.error(error instanceof Error ? error.message : error);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  console.log(`Python: ${passed} passed, ${failed} failed, ${seconds} s`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
