// deno-lint-ignore-file no-console -- a command prints
/**
 * Plants a 0.1% error in every output of every kernel, on each device and in each direction, one at a
 * time, and runs the kernel's own test: every error must be caught. Ends with `N planted, N caught`.
 *
 * Directions are not listed anywhere: a first, unmutated run records which switches (numbers that are 0
 * and 1, or −1 and 1) the test really dispatches a kernel with, so none is forgotten and none invented.
 *
 * Then it plants the mistakes of tools/mistakes in the TypeScript of all rooms.
 *
 * Flags: `--kernel NAME` (a kernel's name or its file's) and `--device cpu|webgpu` for kernels alone; `--mistakes`,
 * `--share P`, `--seed N`, `--room FOLDER`, `--seconds N` for mistakes alone; `--jobs N`.
 */
import { parseArgs } from "@std/cli";
import type { Kernel } from "../backend/kernel.ts";
import { lossNames } from "../losses/mod.ts";
import { lossTable } from "../tests/losses/table.ts";
import { findAdapter, wgpuEnv } from "./adapter.ts";
import { denoCommand } from "./deno_command.ts";
import { plantMistakes, type PlantOptions } from "./mistakes/plant.ts";
import {
  judge,
  kernelsOf,
  type Mutation,
  planMutations,
  plantOf,
  seenIn,
  type TestRun,
  unexported,
  type Verdict,
} from "./mutate/plan.ts";

async function runTest(test: string, env: Record<string, string>): Promise<TestRun> {
  const { stdout, stderr } = await new Deno.Command(denoCommand(), {
    args: ["test", "--no-check", "--allow-all", "--fail-fast", test],
    env: { NO_COLOR: "1", ...wgpuEnv(), ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  return { output: text.decode(stdout) + text.decode(stderr) };
}

async function plant(mutation: Mutation, test: string): Promise<Verdict> {
  let outcome: Verdict["outcome"] = "broken";
  // A software driver may crash at exit, before the summary is out: look again.
  for (let attempt = 0; attempt < 3 && outcome === "broken"; attempt++) {
    const env = { LEASH_MUTATE: plantOf(mutation), LEASH_TEST_DEVICES: mutation.device };
    outcome = judge((await runTest(test, env)).output);
  }
  return { mutation, outcome };
}

/** The kernels of a file, and its mirror test. */
export interface KernelFile {
  readonly name: string;
  readonly test: string;
  readonly kernels: readonly Kernel[];
}

/** The files of backend/kernels that hold kernels; a kernel for each loss of the tests' table. */
export async function kernelFiles(): Promise<KernelFile[]> {
  const files: KernelFile[] = [];
  const folder = new URL("../backend/kernels/", import.meta.url);
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) names.push(name);
    else {for await (const inner of Deno.readDir(new URL(name, folder))) {
        names.push(`${name}/${inner.name}`);
      }}
  }
  for (const file of names) {
    if (!file.endsWith(".ts")) continue;
    const module = await import(new URL(file, folder).href);
    const made: Kernel[] = module.preferenceLossKernel === undefined
      ? []
      : lossTable.map(({ loss }) => module.preferenceLossKernel(loss));
    const name = file.replace(/\.ts$/, "");
    const kernels = [...kernelsOf(module), ...made];
    if (kernels.length > 0) {
      files.push({ name, test: `tests/backend/kernels/${name}_test.ts`, kernels });
    }
  }
  return files.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Runs `work` on all items, at most `jobs` at a time. */
async function inParallel<T>(
  items: readonly T[],
  jobs: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  await Promise.all(Array.from({ length: jobs }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  }));
}

interface Flags {
  readonly kernel?: string;
  readonly devices: readonly string[];
  readonly jobs: number;
  /** What is planted: both, where no flag says that one of them is meant. */
  readonly plant: readonly ("kernels" | "mistakes")[];
  readonly mistakes: Omit<PlantOptions, "jobs">;
}

const MISTAKES_ONLY = ["share", "seed", "room", "seconds"] as const;

/** The flags, or what is wrong with them. */
export function parseFlags(args: readonly string[]): Flags | string {
  let unknown: string | undefined;
  const flags = parseArgs([...args], {
    string: ["kernel", "device", "jobs", ...MISTAKES_ONLY],
    boolean: ["mistakes"],
    unknown: (arg) => {
      unknown ??= arg;
      return false;
    },
  });
  const known = "expected --kernel NAME, --device cpu|webgpu, --mistakes, " +
    `${MISTAKES_ONLY.map((name) => `--${name}`).join(", ")} or --jobs N`;
  if (unknown !== undefined) return `Cannot read ${unknown}: ${known}`;
  const { kernel, device, jobs = "2", share = "1", seed = "1", seconds = "86400", room } = flags;
  if (device !== undefined && device !== "cpu" && device !== "webgpu") {
    return `Cannot mutate: --device is ${device}, expected cpu or webgpu`;
  }
  if (!/^[1-9]\d?$/.test(jobs)) return `Cannot mutate: --jobs is ${jobs}, expected 1 to 99`;
  if (!(Number(share) > 0 && Number(share) <= 1)) {
    return `Cannot mutate: --share is ${share}, expected a number above 0 and at most 1`;
  }
  if (!/^\d{1,9}$/.test(seed)) return `Cannot mutate: --seed is ${seed}, expected a whole number`;
  if (!/^[1-9]\d{0,5}$/.test(seconds)) {
    return `Cannot mutate: --seconds is ${seconds}, expected a whole number from 1`;
  }
  const ofMistakes = flags.mistakes || MISTAKES_ONLY.some((name) => flags[name] !== undefined);
  const ofKernels = kernel !== undefined || device !== undefined;
  if (ofMistakes && ofKernels) {
    return "Cannot mutate: --kernel and --device are for kernels, expected none beside a flag for mistakes";
  }
  return {
    kernel,
    devices: device === undefined ? ["cpu", "webgpu"] : [device],
    jobs: +jobs,
    plant: ofMistakes ? ["mistakes"] : ofKernels ? ["kernels"] : ["kernels", "mistakes"],
    mistakes: {
      ...{ share: +share, seed: +seed, seconds: +seconds },
      ...(room === undefined ? {} : { room }),
    },
  };
}

/** The files to mutate, by a kernel's or a file's name; all without one. */
function chosen(files: readonly KernelFile[], name: string | undefined): KernelFile[] {
  if (name === undefined) return [...files];
  return files.map((file) => ({
    ...file,
    kernels: file.name === name ? file.kernels : file.kernels.filter((k) => k.name === name),
  })).filter(({ kernels }) => kernels.length > 0);
}

/** What cannot be mutated as things stand, a sentence each. */
async function setUpErrors(files: readonly KernelFile[], devices: readonly string[]) {
  const errors: string[] = [];
  for (const loss of lossNames) {
    if (!lossTable.some((row) => row.loss.name === loss)) {
      errors.push(`The loss ${loss} has no row in tests/losses/table.ts`);
    }
  }
  for (const { name, test } of files) {
    const there = await Deno.stat(test).then(() => true, () => false);
    if (!there) errors.push(`backend/kernels/${name}.ts has no test ${test}`);
  }
  const { adapter } = devices.includes("webgpu")
    ? await findAdapter((note) => console.log(note))
    : { adapter: "not asked for" };
  if (adapter === undefined) errors.push("There is no WebGPU adapter: only --device cpu is left");
  return errors;
}

async function main(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args);
  if (typeof flags === "string") {
    console.error(flags);
    return 2;
  }
  let code = 0;
  if (flags.plant.includes("kernels")) code = await mutateKernels(flags);
  if (flags.plant.includes("mistakes")) {
    code = Math.max(code, await plantMistakes(Deno.cwd(), { ...flags.mistakes, jobs: flags.jobs }));
  }
  return code;
}

async function mutateKernels(flags: Flags): Promise<number> {
  const { devices, jobs } = flags;
  const all = await kernelFiles();
  const files = chosen(all, flags.kernel);
  if (files.length === 0) {
    console.error(`Cannot mutate: --kernel is ${flags.kernel}, expected a kernel or its file`);
    return 2;
  }
  const errors = await setUpErrors(files, devices);
  const planned: { mutation: Mutation; test: string; dispatched: boolean }[] = [];
  if (errors.length === 0) {
    const everyKernel = all.flatMap(({ kernels }) => kernels);
    await inParallel(files, jobs, async ({ name, test, kernels }) => {
      const env = { LEASH_MUTATE_RECORD: "1", LEASH_TEST_DEVICES: devices.join() };
      const { output } = await runTest(test, env);
      if (judge(output) !== "survived") errors.push(`${test} fails without an error planted`);
      const seen = seenIn(output);
      for (const kernel of unexported(seen, everyKernel)) {
        errors.push(`backend/kernels/${name}.ts: ${kernel} is dispatched and not exported`);
      }
      for (const { dispatched, ...mutation } of planMutations(kernels, seen, devices)) {
        planned.push({ mutation, test, dispatched });
      }
    });
  }
  for (const error of errors) console.error(error);
  if (errors.length > 0) return 1;
  planned.sort((a, b) => plantOf(a.mutation) < plantOf(b.mutation) ? -1 : 1);
  const verdicts: Verdict[] = [];
  await inParallel(planned, jobs, async ({ mutation, test, dispatched }) => {
    const verdict: Verdict = dispatched
      ? await plant(mutation, test)
      : { mutation, outcome: "never dispatched" };
    verdicts.push(verdict);
    const place = `${verdicts.length}/${planned.length}`.padStart(9);
    console.log(`${place} ${verdict.outcome.padEnd(9)} ${plantOf(mutation)}`);
  });
  const missed = verdicts.filter(({ outcome }) => outcome !== "caught");
  for (const { mutation, outcome } of missed) {
    console.log(`MISSED ${plantOf(mutation)}: ${outcome}`);
  }
  console.log(`${verdicts.length} planted, ${verdicts.length - missed.length} caught`);
  return missed.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
