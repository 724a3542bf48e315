// The tasks of a twin one by one and from the last to the first: those that are independent give the same bits.
import { assert, assertEquals } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import type { Device } from "../../../backend/device.ts";
import type { Kernel } from "../../../backend/kernel.ts";

/** The kernel on one thread, each task by itself, last to first. */
function reversed(kernel: Kernel): Kernel {
  const cpu = kernel.cpu.map(({ tasks, run }) => ({
    tasks,
    run: (...[c, lo, hi]: Parameters<typeof run>) => {
      for (let task = hi - 1; task >= lo; task--) run(c, task, task + 1);
    },
  }));
  return { ...kernel, cpu };
}

/** Asserts that `work` gives the same on a device whose twins run their tasks the other way round. */
export async function assertIndependentTasks<T>(
  work: (device: Device) => Promise<T>,
): Promise<void> {
  using device = await CpuDevice.open({ threads: 1, poison: true });
  const forwards = await work(device);
  let most = 0;
  device.onSubmit = (commands) =>
    commands.map((command) => {
      if (command.op !== "dispatch") return command;
      const { kernel, params, fixed } = command;
      for (const { tasks } of kernel.cpu) {
        most = Math.max(most, tasks(params, { ...kernel.constants, ...fixed }));
      }
      return { ...command, kernel: reversed(kernel) };
    });
  assertEquals(await work(device), forwards);
  assert(most > 1, "Expected work of several tasks");
}
