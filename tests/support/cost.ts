// What work costs whatever else the machine does: the processor's time of this process, not the clock's.
import process from "node:process";

/** Milliseconds that processors have worked for this process, all of its threads together. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
