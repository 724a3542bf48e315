// deno-lint-ignore-file no-console -- the recording is printed
// Planting errors: LEASH_MUTATE="kernel/binding/device/conditions" scales that output by 1.001 after each of its
// dispatches that meets the conditions ("TA=1,ADD=0": fixed numbers, then params; none means all).
// LEASH_MUTATE_RECORD=1 prints instead which kernels are dispatched with which switches, for `deno task mutate`.
import type { Command } from "../../backend/device.ts";
import type { Kernel } from "../../backend/kernel.ts";
import { grid } from "../../backend/workgroup.ts";
import { Storage } from "../../backend/memory.ts";

const scale: Kernel = {
  name: "plantedScale",
  bindings: [{ name: "x", access: "read_write" }],
  params: [["n", "u32"], ["by", "f32"]],
  fixed: [],
  wgsl: () => /* wgsl */ `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let i = flatIndex(group, groups, 64u, local);
  if (i < p.n) { x[i] = x[i] * p.by; }
}`,
  workgroups: (p) => grid(p.n),
  cpu: [{
    tasks: () => 1,
    run: ({ b, p }) => {
      for (let i = 0; i < p.n; i++) b.x[i] *= p.by;
    },
  }],
};

const increment: Kernel = {
  ...scale,
  name: "plantedIncrement",
  bindings: [{ name: "x", access: "read_write", type: "u32" }],
  wgsl: () => scale.wgsl({}).replace("x[i] * p.by", "x[i] + u32(p.by)"),
  cpu: [{
    tasks: () => 1,
    run: ({ b, p }) => {
      for (let i = 0; i < p.n; i++) b.x[i] += 1;
    },
  }],
};

/** A dispatch as `deno task mutate` sees it: numbers that could be switches, null for any other number. */
export interface SeenDispatch {
  readonly kernel: string;
  readonly device: string;
  readonly numbers: Readonly<Record<string, number | null>>;
}

/** What a line of the recording starts with. */
export const SEEN = "dispatched ";

type Dispatch = Extract<Command, { op: "dispatch" }>;

/** The hook that the environment asks for: the planted error, if it is for this device, or the recording. */
export function plantedError(
  device: string,
  plant: string = Deno.env.get("LEASH_MUTATE") ?? "",
): ((commands: readonly Command[]) => readonly Command[]) | undefined {
  if (Deno.env.get("LEASH_MUTATE_RECORD") === "1") return recorder(device);
  const [kernelName, bindingName, onDevice, conditions = ""] = plant.split("/");
  if (onDevice !== device) return undefined;
  const wanted = conditions.split(",").filter(Boolean).map((condition) => condition.split("="));
  const meets = ({ kernel, fixed, params }: Dispatch) =>
    kernel.name === kernelName &&
    wanted.every(([name, value]) => Number(fixed[name] ?? params[name]) === Number(value));
  return (commands) =>
    commands.flatMap((command) => {
      if (command.op !== "dispatch" || !meets(command)) return [command];
      const at = command.kernel.bindings.findIndex(({ name }) => name === bindingName);
      const { block, bytes, label } = command.storages[at];
      const whole = command.kernel.bindings[at].type === "u32";
      return [command, {
        op: "dispatch" as const,
        kernel: whole ? increment : scale,
        storages: [new Storage(block, bytes, label)],
        params: { n: bytes / 4, by: whole ? 1 : 1.001 },
        fixed: {},
      }];
    });
}

/** Prints every combination of a kernel's switches once. */
function recorder(device: string): (commands: readonly Command[]) => readonly Command[] {
  const seen = new Set<string>();
  return (commands) => {
    for (const command of commands) {
      if (command.op !== "dispatch") continue;
      const { kernel, fixed, params } = command;
      const numbers = Object.fromEntries(
        [...kernel.fixed, ...kernel.params.map(([name]) => name)].map((name) => {
          const value = fixed[name] ?? params[name];
          return [name, [-1, 0, 1].includes(value) ? value : null];
        }),
      );
      const one: SeenDispatch = { kernel: kernel.name, device, numbers };
      const line = SEEN + JSON.stringify(one);
      // On a line of its own, whatever stands on the current one.
      if (!seen.has(line)) console.log(`\n${line}`);
      seen.add(line);
    }
    return commands;
  };
}
