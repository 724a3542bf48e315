// deno-lint-ignore-file no-console -- a command prints
/**
 * Plants the listed mistakes in copies of the repository, one at a time, and runs the tests of their rooms: 97 in 100
 * must be caught. Prints each as it comes, the survivors, and the share that was caught.
 */
import { wgpuEnv } from "../adapter.ts";
import { denoCommand } from "../deno_command.ts";
import { type SourceFile, sourceFiles } from "../source.ts";
import { LISTS } from "./lists.ts";
import {
  describe,
  HUNG,
  type MistakeOutcome,
  outcomeOf,
  place,
  type PlacedMistake,
  sample,
  testsFor,
} from "./mistake.ts";

/** What to plant. */
export interface PlantOptions {
  /** Share of the list, in (0, 1]. */
  readonly share: number;
  /** Which share. */
  readonly seed: number;
  /** Only mistakes in files below this folder. */
  readonly room?: string;
  /** Copies of the repository that are tested at once. */
  readonly jobs: number;
  /** Ends after about this long; what was not planted then is said. */
  readonly seconds: number;
}

/** Least share of the mistakes that the tests must see. */
export const LEAST_CAUGHT = 0.97;

/** Far more than a test file takes, so that a busy machine catches no mistake. */
const MOST_SECONDS_A_FILE = 240;
const PRODUCT = /^(?:backend|losses|core|scheduler|training|files|stories|cli)\/|^mod\.ts$/;
const LEFT_OUT = new Set(["node_modules", "runs", "coverage"]);

/** Plants; the exit code. */
export async function plantMistakes(root: string, options: PlantOptions): Promise<number> {
  const files = await sourceFiles(root);
  const product = files.filter(({ path }) => PRODUCT.test(path));
  const tests = files.map(({ path }) => path).filter((path) => /^tests\/.*_test\.ts$/.test(path));
  const placed = LISTS.map((mistake) => place(mistake, product));
  const gone = placed.filter((one) => typeof one === "string");
  for (const why of gone) console.error(why);
  const there = placed.filter((one) => typeof one !== "string");
  const chosen = sample(
    there.filter(({ path }) => path.startsWith(options.room ?? "")),
    options.share,
    options.seed,
  );
  const counts = { caught: 0, hung: 0, survived: 0, broken: 0 };
  const caught = () => counts.caught + counts.hung;
  const survivors: string[] = [];
  const queue = [...chosen];
  const begun = performance.now();
  const isOver = () => performance.now() - begun > 1000 * options.seconds;
  await Promise.all(Array.from({ length: options.jobs }, async () => {
    const copy = await Deno.makeTempDir({ prefix: "leash_mistakes_" });
    try {
      await copyTree(root, copy);
      while (queue.length > 0 && !isOver()) {
        const mistake = queue.shift()!;
        const outcome = await plant(mistake, copy, files, tests);
        counts[outcome]++;
        if (outcome === "survived" || outcome === "broken") {
          survivors.push(`${mistake.path} ${describe(mistake)}: ${outcome}`);
        }
        const done = caught() + counts.survived + counts.broken;
        const at = `${done}/${chosen.length}`.padStart(9);
        console.log(`${at} ${outcome.padEnd(8)} ${mistake.path} ${describe(mistake)}`);
      }
    } finally {
      await Deno.remove(copy, { recursive: true });
    }
  }));
  for (const survivor of survivors) console.log(`MISSED ${survivor}`);
  if (queue.length > 0) console.log(`${queue.length} not planted: the time was over`);
  if (gone.length > 0) console.log(`${gone.length} of ${LISTS.length} no longer apply: see above`);
  const planted = caught() + counts.survived + counts.broken;
  const share = planted === 0 ? 0 : caught() / planted;
  console.log(
    `${planted} mistakes planted, ${caught()} caught (${(100 * share).toFixed(1)}%), in ` +
      `${((performance.now() - begun) / 1000).toFixed(0)} s`,
  );
  // Of a small sample one survivor may be all that there are.
  const allowed = Math.max(
    planted < LISTS.length ? 1 : 0,
    Math.floor((1 - LEAST_CAUGHT) * planted),
  );
  return gone.length === 0 && planted > 0 && planted - caught() <= allowed ? 0 : 1;
}

/** Shows one mistake to the tests of its room, the nearest first, until one sees it. */
async function plant(
  mistake: PlacedMistake,
  copy: string,
  files: readonly SourceFile[],
  tests: readonly string[],
): Promise<MistakeOutcome> {
  const original = files.find(({ path }) => path === mistake.path)!.text;
  await Deno.writeTextFile(`${copy}/${mistake.path}`, mistake.text);
  try {
    for (const some of testsFor(mistake.path, tests, mistake.seenBy)) {
      const outcome = outcomeOf(await runTests(copy, some));
      if (outcome !== "survived") return outcome;
    }
    return "survived";
  } finally {
    await Deno.writeTextFile(`${copy}/${mistake.path}`, original);
  }
}

/** What a run printed; one that hangs is ended. */
async function runTests(cwd: string, tests: readonly string[]): Promise<string> {
  const child = new Deno.Command(denoCommand(), {
    args: ["test", "--no-check", "--allow-all", "--fail-fast", ...tests],
    cwd,
    env: { NO_COLOR: "1", ...wgpuEnv(), LEASH_TEST_DEVICES: "cpu" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill("SIGKILL");
  }, 1000 * MOST_SECONDS_A_FILE * tests.length);
  const { stdout, stderr } = await child.output();
  clearTimeout(timer);
  const text = new TextDecoder();
  return text.decode(stdout) + text.decode(stderr) + (hung ? HUNG : "");
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    if (entry.name.startsWith(".git") || LEFT_OUT.has(entry.name)) continue;
    if (entry.isDirectory) await copyTree(`${from}/${entry.name}`, `${to}/${entry.name}`);
    else if (entry.isFile) await Deno.copyFile(`${from}/${entry.name}`, `${to}/${entry.name}`);
  }
}
