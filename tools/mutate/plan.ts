// Which errors to plant in a kernel, how a planted error is told to a test, and what its output says became of it.
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
import type { Kernel } from "../../backend/kernel.ts";
import { SEEN, type SeenDispatch } from "../../tests/support/mutation.ts";

/** One error to plant. */
export interface Mutation {
  /** The kernel's name. */
  readonly kernel: string;
  /** The output that is scaled. */
  readonly binding: string;
  readonly device: string;
  /** Switches that a dispatch must have, `TA=1,ADD=0`; empty: every dispatch. */
  readonly direction: string;
}

/** What was found out about one error. */
export interface Verdict {
  readonly mutation: Mutation;
  /** caught: a test failed by an assertion. survived: all passed. broken: anything else. */
  readonly outcome: "caught" | "survived" | "broken" | "never dispatched";
}

/** How a test run ended. */
export interface TestRun {
  /** All that it printed, without colours. */
  readonly output: string;
}

/** A twin, or a WGSL function, that only throws: the kernel is for the other device. */
const ONLY_THROWS = /^[^{]*\{\s*throw\b/;

/** Kernels among a module's exports, each once. */
export function kernelsOf(module: Readonly<Record<string, unknown>>): Kernel[] {
  const isKernel = (value: unknown): value is Kernel =>
    typeof value === "object" && value !== null &&
    ["name", "bindings", "wgsl", "workgroups", "cpu"].every((key) => key in value);
  return [...new Set(Object.values(module).filter(isKernel))];
}

/** Whether a kernel has an implementation for the device. */
export function runsOn(kernel: Kernel, device: string): boolean {
  return device === "cpu"
    ? !kernel.cpu.every(({ run }) => ONLY_THROWS.test(String(run)))
    : !ONLY_THROWS.test(String(kernel.wgsl));
}

/** The recording's lines in what a test printed. */
export function seenIn(output: string): SeenDispatch[] {
  return output.split("\n").filter((line) => line.startsWith(SEEN))
    .map((line) => JSON.parse(line.slice(SEEN.length)));
}

/** The combinations of switches that a kernel was dispatched with on a device, as conditions. */
export function directionsOf(
  kernel: string,
  device: string,
  seen: readonly SeenDispatch[],
): string[] {
  const mine = seen.filter((one) => one.kernel === kernel && one.device === device);
  const names = Object.keys(mine[0]?.numbers ?? {}).filter((name) => {
    const values = [...new Set(mine.map(({ numbers }) => numbers[name]))].sort().join();
    return values === "0,1" || values === "-1,1";
  });
  const combinations = mine.map(({ numbers }) =>
    names.map((name) => `${name}=${numbers[name]}`).join(",")
  );
  return [...new Set(combinations)].sort();
}

/** All errors to plant in the kernels of one file; a direction of `undefined` was never dispatched. */
export function planMutations(
  kernels: readonly Kernel[],
  seen: readonly SeenDispatch[],
  devices: readonly string[],
): (Mutation & { readonly dispatched: boolean })[] {
  return kernels.flatMap((kernel) =>
    devices.filter((device) => runsOn(kernel, device)).flatMap((device) => {
      const directions = directionsOf(kernel.name, device, seen);
      const dispatched = directions.length > 0;
      return kernel.bindings.filter(({ access }) => access === "read_write").flatMap(({ name }) =>
        (dispatched ? directions : [""]).map((direction) => ({
          kernel: kernel.name,
          binding: name,
          device,
          direction,
          dispatched,
        }))
      );
    })
  );
}

/** LEASH_MUTATE's value. */
export function plantOf({ kernel, binding, device, direction }: Mutation): string {
  return [kernel, binding, device, ...(direction === "" ? [] : [direction])].join("/");
}

/** What the output of a test run with a planted error says about it. */
export function judge(output: string): Verdict["outcome"] {
  const summary = [...output.matchAll(/^(ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/gm)].at(-1);
  if (summary === undefined) return "broken"; // the process died: says nothing about the test
  if (summary[1] === "ok") return Number(summary[3]) === 0 ? "survived" : "broken";
  return output.includes("AssertionError") ? "caught" : "broken";
}

/** Dispatched kernels that no file exports: nothing would ever be planted in them. */
export function unexported(seen: readonly SeenDispatch[], kernels: readonly Kernel[]): string[] {
  const known = new Set(kernels.map(({ name }) => name));
  // A test may have a loss of its own.
  return [...new Set(seen.map(({ kernel }) => kernel))]
    .filter((name) => !known.has(name) && !name.startsWith("preferenceLoss:"));
}
