// deno-lint-ignore-file no-console -- a command prints
/**
 * Runs every test on every device: finds a WebGPU adapter or installs a software one, checks the
 * doors, runs `deno test`, and ends with `N passed, N failed`.
 *
 * Arguments go on to `deno test`: paths, `--filter`. LEASH_TEST_DEVICES=cpu leaves WebGPU out.
 */
import { findAdapter, wgpuEnv } from "./adapter.ts";
import { runDenoShown } from "./deno_command.ts";
import { checkDoors } from "./doors.ts";
import { sourceFiles } from "./source.ts";
import { closingLine, type Counts, countTests, total } from "./summary.ts";

/** Tests that measure time have the machine to themselves. */
const SPEED_TEST = /_speed_test\.ts$/;

/** Runs `deno test`, showing its output as it comes. */
async function denoTest(args: string[], devices: string): Promise<Counts> {
  const isTerminal = Deno.stdout.isTerminal() && !Deno.noColor;
  const { output, end } = await runDenoShown(["test", "--allow-all", ...args], {
    DENO_JOBS: Deno.env.get("DENO_JOBS") ?? "3", // some tests wait for other processes
    LEASH_TEST_DEVICES: devices,
    ...(isTerminal ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }),
    ...wgpuEnv(),
  });
  if (end.signal !== null) console.log(`Deno ended by ${end.signal}.`);
  return countTests(output, end);
}

/** The doors as one test. */
async function doors(): Promise<Counts> {
  const errors = await checkDoors(Deno.cwd()).catch((error: Error) => [error.message]);
  for (const error of errors) console.error(error);
  console.log(errors.length === 0 ? "doors ... ok" : `doors ... FAILED (${errors.length} errors)`);
  return errors.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** The devices to test on, and how a missing adapter is to be counted. */
async function devices(): Promise<{ names: string; missing?: string; counts: Counts }> {
  const none = { passed: 0, failed: 0 };
  const asked = Deno.env.get("LEASH_TEST_DEVICES");
  if (asked) return { names: asked, counts: none };
  const { adapter } = await findAdapter((note) => console.log(note));
  if (adapter !== undefined) {
    console.log(`Testing on the CPU device and on WebGPU: ${adapter}.`);
    return { names: "cpu,webgpu", counts: none };
  }
  const missing = "Not run: the WebGPU half of the tests, for want of an adapter " +
    "(on Debian: apt-get install mesa-vulkan-drivers).";
  if (Deno.env.get("CI") !== "true") return { names: "cpu", missing, counts: none };
  return {
    names: "cpu",
    missing: `FAILED, since CI=true. ${missing}`,
    counts: { passed: 0, failed: 1 },
  };
}

/** All of it; the exit code. */
async function main(args: string[]): Promise<number> {
  const { names, missing, counts } = await devices();
  const all = [counts];
  if (args.length > 0) all.push(await denoTest(args, names));
  else {
    all.push(await doors());
    const speed = (await sourceFiles(Deno.cwd())).map((f) => f.path).filter((p) =>
      SPEED_TEST.test(p)
    );
    const ignore = speed.length > 0 ? [`--ignore=${speed.join(",")}`] : [];
    all.push(await denoTest(["--doc", "--parallel", ...ignore], names));
    if (speed.length > 0) all.push(await denoTest(speed, names));
  }
  if (missing !== undefined) console.log(missing);
  const sum = total(all);
  console.log(closingLine(sum));
  return sum.failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
