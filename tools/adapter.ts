/** Finds a WebGPU adapter or a file of a Debian package, and installs them where a machine has none. */
import { denoCommand } from "./deno_command.ts";

/** Runs a command to its end; its exit code and output. */
export type Run = (command: string, args: string[]) => Promise<{ code: number; stdout: string }>;

/** What the search came to. */
export interface Found {
  /** The adapter's name; undefined if there is none. */
  adapter?: string;
  /** What was done and why, a sentence each, for the person who waits. */
  notes: string[];
}

// A fresh process each time: a Vulkan loader that found no driver does not look again. The race is
// for drivers that hang.
const PROBE = `
const timeout = new Promise((resolve) => setTimeout(resolve, 20000, null));
const adapter = await Promise.race([navigator.gpu?.requestAdapter(), timeout]);
if (adapter) console.log([adapter.info.vendor, adapter.info.device, adapter.info.description]
  .filter(Boolean).join(" ") || "unnamed adapter");
Deno.exit(0);`;

/** Runs a command as a child; a command that is not there has the exit code 127. */
export async function run(
  command: string,
  args: string[],
): Promise<{ code: number; stdout: string }> {
  try {
    const { code, stdout } = await new Deno.Command(command, {
      args,
      env: { ...wgpuEnv(), DEBIAN_FRONTEND: "noninteractive", NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).output();
    return { code, stdout: new TextDecoder().decode(stdout) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { code: 127, stdout: "" };
    throw error;
  }
}

/** The environment that keeps wgpu from complaining on stderr that there is no window system. */
export function wgpuEnv(): Record<string, string> {
  return Deno.env.get("XDG_RUNTIME_DIR") ? {} : { XDG_RUNTIME_DIR: "/tmp" };
}

async function probe(run: Run): Promise<string | undefined> {
  const { stdout } = await run(denoCommand(), ["eval", PROBE]);
  return stdout.trim() || undefined;
}

/** How apt-get can be run here: as root, by sudo without a password, or not at all. */
async function aptGet(run: Run): Promise<string[] | undefined> {
  if ((await run("apt-get", ["--version"])).code !== 0) return undefined;
  if ((await run("id", ["-u"])).stdout.trim() === "0") return ["apt-get"];
  if ((await run("sudo", ["-n", "true"])).code === 0) return ["sudo", "-n", "apt-get"];
  return undefined;
}

/** Installs packages; the exit code. */
async function install(
  run: Run,
  [command, ...before]: readonly string[],
  packages: readonly string[],
): Promise<number> {
  await run(command, [...before, "update", "-qq"]);
  const options = ["install", "-y", "-qq", "--no-install-recommends"];
  return (await run(command, [...before, ...options, ...packages])).code;
}

/** A file that a Debian package brings. */
export interface PackagedFile {
  /** Where it is. */
  readonly path: string;
  /** The package. */
  readonly from: string;
  /** What is there with it, for the person who waits. */
  readonly what: string;
}

/**
 * Looks for a file; where there is none, installs its package and looks again.
 *
 * @param tell Told before an installation, since that takes a while.
 * @param runner Runs the commands; for tests.
 * @returns What is missing, a sentence; undefined for nothing.
 */
export async function findFile(
  { path, from, what }: PackagedFile,
  tell: (note: string) => void,
  runner: Run = run,
): Promise<string | undefined> {
  const isThere = () => Deno.stat(path).then(() => true, () => false);
  if (await isThere()) return undefined;
  const apt = await aptGet(runner);
  if (apt !== undefined) {
    tell(`No ${what} here: installing Debian's ${from}.`);
    await install(runner, apt, [from]);
  }
  return await isThere() ? undefined : `${path} is not there, nor after apt-get install ${from}.`;
}

const PACKAGES = ["mesa-vulkan-drivers", "libvulkan1"];

/**
 * Looks for an adapter; where there is none, installs Mesa's software Vulkan driver and looks again.
 *
 * @param tell Told each note as it comes, since an installation takes a while.
 * @param runner Runs the commands; for tests.
 */
export async function findAdapter(tell: (note: string) => void, runner: Run = run): Promise<Found> {
  const notes: string[] = [];
  const note = (sentence: string) => {
    notes.push(sentence);
    tell(sentence);
  };
  let adapter = await probe(runner);
  if (adapter !== undefined) return { adapter, notes };

  const apt = await aptGet(runner);
  if (apt === undefined) {
    note("No WebGPU adapter here, and apt-get cannot be run without a password to install one.");
    return { notes };
  }
  note(
    `No WebGPU adapter here: installing a software one (${apt.join(" ")} install ${PACKAGES[0]}).`,
  );
  const code = await install(runner, apt, PACKAGES);
  if (code !== 0) {
    note(`apt-get ended with exit code ${code}: ${PACKAGES[0]} is not installed.`);
    return { notes };
  }
  adapter = await probe(runner);
  if (adapter === undefined) note(`${PACKAGES[0]} is installed, and there is still no adapter.`);
  return { adapter, notes };
}
