// How much memory this process has, and the most that it had: what the kernel says, where it says it.

const STATUS = "/proc/self/status";
const CLEAR = "/proc/self/clear_refs";

/** Bytes of resident memory now, and the most since it was last asked. */
export function memory(): { now: number; peak: number } {
  const now = Deno.memoryUsage().rss;
  if (Deno.build.os !== "linux") return { now, peak: now };
  const [, kib] = /^VmHWM:\s+(\d+) kB/m.exec(Deno.readTextFileSync(STATUS)) ?? [];
  return { now, peak: Number(kib) * 1024 };
}

/** Starts the peak anew, where the system can: what is measured is made in the same process. */
export function resetPeak(): void {
  try {
    Deno.writeTextFileSync(CLEAR, "5");
  } catch { // then the peak is that of the whole run, which only makes the test stricter
  }
}
